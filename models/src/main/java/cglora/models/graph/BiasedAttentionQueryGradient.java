package cglora.models.graph;

import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of the queries, and `delta`, which the other gradients need.
///
/// @param forward        the attention
/// @param forwardOutputs its outputs
/// @param dout           gradient of its first output
record BiasedAttentionQueryGradient(
        BiasedAttention forward, List<Tensor> forwardOutputs, Tensor dout) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(
                forward.q(),
                forward.k(),
                forward.v(),
                forward.biasOperand(),
                forward.queryLengths(),
                forward.keyLengths(),
                forwardOutputs.get(0),
                forwardOutputs.get(1),
                dout);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of("dq", forward.q().shape()),
                Output.of("delta", forwardOutputs.get(1).shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                                BiasedAttentionKernels.QUERY_GRADIENT,
                                forward.batch() * forward.heads() * forward.queries(),
                                forward.q().buffer(),
                                forward.k().buffer(),
                                forward.v().buffer(),
                                forward.biasOperand().buffer(),
                                forward.queryLengths().buffer(),
                                forward.keyLengths().buffer(),
                                forwardOutputs.get(0).buffer(),
                                forwardOutputs.get(1).buffer(),
                                dout.buffer(),
                                outputs.get(0).buffer(),
                                outputs.get(1).buffer(),
                                forward.heads(),
                                forward.queries(),
                                forward.keys(),
                                forward.headSize(),
                                forward.causal() ? 1 : 0,
                                forward.bias() == null ? 0 : 1)
                        .withGrain(forward.queries())
                        .withOperations(3 * forward.productOperations()));
    }
}
