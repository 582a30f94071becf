package cglora.models.graph;

import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `dB = scaling · dyᵀ · u` [out, r].
record LowRankGradientB(Tensor dy, Tensor u, float scaling) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, u);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dB", Shape.of(dy.shape().last(), u.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = dy.shape().rows();
        int out = dy.shape().last();
        int r = u.shape().last();
        return List.of(
                Launch.of(
                                LowRankKernels.LOW_RANK_GRADIENT_B,
                                out,
                                dy.buffer(),
                                u.buffer(),
                                outputs.getFirst().buffer(),
                                rows,
                                out,
                                r,
                                scaling)
                        .withOperations(2L * rows * out * r));
    }
}
