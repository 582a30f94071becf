package cglora.models.graph;

import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of what a layer normalisation normalised.
record LayerNormInputGradient(Tensor dy, Tensor normalized, Tensor gain, Tensor rstd)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, normalized, gain, rstd);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dx", dy.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        LayerNormKernels.LAYER_NORM_GRADIENT,
                        dy.shape().rows(),
                        dy.buffer(),
                        normalized.buffer(),
                        gain.buffer(),
                        rstd.buffer(),
                        outputs.getFirst().buffer(),
                        dy.shape().last()));
    }
}
