package cglora.models.graph;

import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of the bias.
///
/// @param forward the attention
/// @param lse     its second output
/// @param delta   of [BiasedAttentionQueryGradient]
/// @param dout    gradient of its first output
record BiasedAttentionBiasGradient(BiasedAttention forward, Tensor lse, Tensor delta, Tensor dout)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(
                forward.q(),
                forward.k(),
                forward.v(),
                forward.bias(),
                forward.queryLengths(),
                forward.keyLengths(),
                lse,
                delta,
                dout);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dBias", forward.bias().shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                                BiasedAttentionKernels.BIAS_GRADIENT,
                                Math.toIntExact(forward.bias().shape().size()),
                                forward.q().buffer(),
                                forward.k().buffer(),
                                forward.v().buffer(),
                                forward.bias().buffer(),
                                forward.queryLengths().buffer(),
                                forward.keyLengths().buffer(),
                                lse.buffer(),
                                delta.buffer(),
                                dout.buffer(),
                                outputs.getFirst().buffer(),
                                forward.heads(),
                                forward.queries(),
                                forward.keys(),
                                forward.headSize(),
                                forward.causal() ? 1 : 0,
                                forward.batch())
                        .withOperations(2 * forward.productOperations()));
    }
}
