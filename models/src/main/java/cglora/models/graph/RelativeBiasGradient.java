package cglora.models.graph;

import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of the table behind [RelativeBias].
record RelativeBiasGradient(Tensor dBias, Tensor buckets, Tensor table) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dBias, buckets);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dTable", table.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        BiasedAttentionKernels.RELATIVE_BIAS_GRADIENT,
                        Math.toIntExact(table.shape().size()),
                        dBias.buffer(),
                        buckets.buffer(),
                        outputs.getFirst().buffer(),
                        table.shape().last(),
                        buckets.shape().last()));
    }
}
