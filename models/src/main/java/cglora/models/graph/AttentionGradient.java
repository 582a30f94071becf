package cglora.models.graph;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradients of queries, keys and values.
///
/// @param forward        the attention
/// @param forwardOutputs its outputs
/// @param dout           gradient of its first output
record AttentionGradient(Attention forward, List<Tensor> forwardOutputs, Tensor dout)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(
                forward.q(),
                forward.k(),
                forward.v(),
                forward.lengths(),
                forwardOutputs.get(0),
                forwardOutputs.get(1),
                dout);
    }

    @Override
    public List<Output> outputs() {
        Shape keys = forward.k().shape();
        return List.of(
                Output.of("dq", forward.q().shape()), Output.of("dk", keys), Output.of("dv", keys));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                                AttentionKernels.ATTENTION_GRADIENT,
                                forward.batch() * forward.keyHeads(),
                                forward.arguments(
                                        forward.q().buffer(),
                                        forward.k().buffer(),
                                        forward.v().buffer(),
                                        forward.lengths().buffer(),
                                        forwardOutputs.get(0).buffer(),
                                        forwardOutputs.get(1).buffer(),
                                        dout.buffer(),
                                        outputs.get(0).buffer(),
                                        outputs.get(1).buffer(),
                                        outputs.get(2).buffer()))
                        .withOperations(10L * dout.shape().size() * forward.keyWidth()));
    }
}
