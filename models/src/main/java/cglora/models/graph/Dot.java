package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import java.util.List;

/// `Σ x · y` [1] over two vectors of one length: the weighted loss of a batch, for people to see.
public record Dot(Tensor x, Tensor y) implements Op {
    public Dot {
        if (x.shape().size() != y.shape().size()) {
            throw new IllegalArgumentException(x + " · " + y);
        }
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, y);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dot", Shape.of(1)));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ReductionKernels.DOT,
                        1,
                        x.buffer(),
                        y.buffer(),
                        outputs.getFirst().buffer(),
                        Math.toIntExact(x.shape().size())));
    }
}
