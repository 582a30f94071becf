package cglora.models.graph;

import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradients of a LoRA layer's factors, without the weight's own gradient: `dA = vᵀ x` and
/// `dB = scaling · dyᵀ u`.
///
/// @param u [rows, r] `x · loraAᵀ`
/// @param v [rows, r] `scaling · dy · loraB`
record LoraGradient(Tensor dy, Tensor x, Tensor u, Tensor v, float scaling) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, x, u, v);
    }

    @Override
    public List<Output> outputs() {
        int r = u.shape().last();
        return List.of(
                Output.of("dA", Shape.of(r, x.shape().last())),
                Output.of("dB", Shape.of(dy.shape().last(), r)));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = x.shape().rows();
        int in = x.shape().last();
        int out = dy.shape().last();
        int r = u.shape().last();
        return List.of(
                Launch.of(
                                LowRankKernels.LORA_GRADIENTS,
                                in + out,
                                v.buffer(),
                                x.buffer(),
                                u.buffer(),
                                dy.buffer(),
                                outputs.get(0).buffer(),
                                outputs.get(1).buffer(),
                                rows,
                                in,
                                out,
                                r,
                                scaling)
                        .withOperations(2L * rows * (in + out) * r));
    }
}
