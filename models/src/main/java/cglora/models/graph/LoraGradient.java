package cglora.models.graph;

import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradients of a LoRA layer's factors, without the weight's own gradient: `dA = vᵀ x` with
/// `v = scaling · dy · loraB`, `dB = scaling · dyᵀ u` with `u = x · loraAᵀ`.
record LoraGradient(Tensor dy, Tensor x, Tensor loraA, Tensor loraB, float scaling) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, x, loraA, loraB);
    }

    @Override
    public List<Output> outputs() {
        Shape thin = Shape.of(x.shape().rows(), loraA.shape().rows());
        return List.of(
                Output.of("dA", loraA.shape()),
                Output.of("dB", loraB.shape()),
                Output.of("u", thin),
                Output.of("v", thin));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = x.shape().rows();
        int in = loraA.shape().last();
        int out = loraB.shape().rows();
        int r = loraA.shape().rows();
        var u = outputs.get(2).buffer();
        var v = outputs.get(3).buffer();
        return List.of(
                Launch.of(
                                LowRankKernels.LOW_RANK_PROJECT,
                                rows,
                                x.buffer(),
                                loraA.buffer(),
                                u,
                                in,
                                r)
                        .withOperations(2L * rows * in * r),
                Launch.of(
                                LowRankKernels.LOW_RANK_BACK_PROJECT,
                                rows,
                                dy.buffer(),
                                loraB.buffer(),
                                v,
                                out,
                                r,
                                scaling)
                        .withOperations(2L * rows * out * r),
                Launch.of(
                                LowRankKernels.LOW_RANK_GRADIENT_A,
                                in,
                                v,
                                x.buffer(),
                                outputs.get(0).buffer(),
                                rows,
                                in,
                                r)
                        .withOperations(2L * rows * in * r),
                Launch.of(
                                LowRankKernels.LOW_RANK_GRADIENT_B,
                                out,
                                dy.buffer(),
                                u,
                                outputs.get(1).buffer(),
                                rows,
                                out,
                                r,
                                scaling)
                        .withOperations(2L * rows * out * r));
    }
}
