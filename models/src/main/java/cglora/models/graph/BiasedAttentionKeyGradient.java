package cglora.models.graph;

import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradients of keys and values.
///
/// @param forward the attention
/// @param lse     its second output
/// @param delta   of [BiasedAttentionQueryGradient]
/// @param dout    gradient of its first output
record BiasedAttentionKeyGradient(BiasedAttention forward, Tensor lse, Tensor delta, Tensor dout)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(
                forward.q(),
                forward.k(),
                forward.v(),
                forward.biasOperand(),
                forward.queryLengths(),
                forward.keyLengths(),
                lse,
                delta,
                dout);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dk", forward.k().shape()), Output.of("dv", forward.v().shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                                BiasedAttentionKernels.KEY_GRADIENT,
                                forward.batch() * forward.heads() * forward.keys(),
                                forward.q().buffer(),
                                forward.k().buffer(),
                                forward.v().buffer(),
                                forward.biasOperand().buffer(),
                                forward.queryLengths().buffer(),
                                forward.keyLengths().buffer(),
                                lse.buffer(),
                                delta.buffer(),
                                dout.buffer(),
                                outputs.get(0).buffer(),
                                outputs.get(1).buffer(),
                                forward.heads(),
                                forward.queries(),
                                forward.keys(),
                                forward.headSize(),
                                forward.causal() ? 1 : 0,
                                forward.bias() == null ? 0 : 1)
                        .withGrain(forward.keys())
                        .withOperations(4 * forward.productOperations()));
    }
}
