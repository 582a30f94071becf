package cglora.models.graph;

import cglora.kernels.activation.ReluKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = max(x, 0)`.
///
/// @param x [rows, width]
public record Relu(Tensor x) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("relu", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ReluKernels.RELU,
                        x.shape().rows(),
                        x.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(graph, x, () -> graph.apply(new ReluGradient(dy, outputs.getFirst()))));
    }
}
