package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import java.util.List;

/// `sum += x`, in place.
public record AddInto(Tensor x, Tensor sum) implements Op {
    public AddInto {
        if (!x.shape().equals(sum.shape())) {
            throw new IllegalArgumentException(x + " added to " + sum);
        }
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, sum);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.into(sum, "sum", sum.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ReductionKernels.ADD_INTO,
                        Math.toIntExact(x.shape().size()),
                        x.buffer(),
                        sum.buffer(),
                        1f));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(Gradient.of(graph, x, () -> dy), Gradient.of(graph, sum, () -> dy));
    }
}
