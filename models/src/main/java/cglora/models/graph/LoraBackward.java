package cglora.models.graph;

import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// What the gradients of a LoRA layer start from: `u = x · loraAᵀ` and `v = scaling · dy · loraB`
/// [rows, r] for those of the factors, and for that of `x` the sum of the weights
/// `weight + scaling · loraB · loraA` [out, in].
///
/// @param merging whether the sum is formed; otherwise nothing may read it
record LoraBackward(
        Tensor dy,
        Tensor x,
        Tensor weight,
        Tensor loraA,
        Tensor loraB,
        float scaling,
        boolean merging)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, x, weight, loraA, loraB);
    }

    @Override
    public List<Output> outputs() {
        Shape thin = Shape.of(x.shape().rows(), loraA.shape().rows());
        return List.of(
                Output.of("u", thin),
                Output.of("v", thin),
                Output.of("merged", merging ? weight.shape() : Shape.of(1)));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = x.shape().rows();
        int out = weight.shape().rows();
        int in = weight.shape().last();
        int r = loraA.shape().rows();
        long merge = merging ? (long) out * in : 0;
        return List.of(
                Launch.of(
                                LowRankKernels.LORA_BACKWARD,
                                merging ? rows + out : rows,
                                x.buffer(),
                                loraA.buffer(),
                                dy.buffer(),
                                loraB.buffer(),
                                weight.buffer(),
                                outputs.get(0).buffer(),
                                outputs.get(1).buffer(),
                                outputs.get(2).buffer(),
                                rows,
                                in,
                                out,
                                r,
                                scaling)
                        .withOperations(2L * r * ((long) rows * (in + out) + merge)));
    }
}
