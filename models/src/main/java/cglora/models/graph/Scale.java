package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import java.util.List;

/// `y = factor · x`, in memory of its own.
public record Scale(Tensor x, float factor) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("scaled", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ReductionKernels.SCALE_INTO,
                        Math.toIntExact(x.shape().size()),
                        x.buffer(),
                        outputs.getFirst().buffer(),
                        factor));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(Gradient.of(graph, x, () -> graph.apply(new Scale(dy, factor))));
    }
}
