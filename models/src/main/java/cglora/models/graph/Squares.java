package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import java.util.List;

/// Sums of `x²` over blocks of [ReductionKernels#BLOCK] elements, [⌈n / BLOCK⌉]; their sum is
/// `‖x‖²`, the trace of `xᵀx`.
public record Squares(Tensor x) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("squares", Shape.of(blocks())));
    }

    private int blocks() {
        return Math.ceilDiv(size(), ReductionKernels.BLOCK);
    }

    private int size() {
        return Math.toIntExact(x.shape().size());
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ReductionKernels.SQUARES,
                        blocks(),
                        x.buffer(),
                        outputs.getFirst().buffer(),
                        size(),
                        0));
    }
}
