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
        Shape shape = forward.q().shape();
        return List.of(Output.of("dq", shape), Output.of("dk", shape), Output.of("dv", shape));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                                AttentionKernels.ATTENTION_GRADIENT,
                                forward.batch() * forward.heads(),
                                forward.q().buffer(),
                                forward.k().buffer(),
                                forward.v().buffer(),
                                forward.lengths().buffer(),
                                forwardOutputs.get(0).buffer(),
                                forwardOutputs.get(1).buffer(),
                                dout.buffer(),
                                outputs.get(0).buffer(),
                                outputs.get(1).buffer(),
                                outputs.get(2).buffer(),
                                forward.heads(),
                                forward.width(),
                                forward.headSize(),
                                forward.scale())
                        .withOperations(10L * dout.shape().size() * forward.width()));
    }
}
