package cglora.models.graph;

import cglora.kernels.normalization.RmsNormKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of what a root-mean-square normalisation normalised.
record RmsNormInputGradient(Tensor dy, Tensor x, Tensor gain, Tensor rstd) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, x, gain, rstd);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dx", dy.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        RmsNormKernels.RMS_NORM_GRADIENT,
                        Math.toIntExact(rstd.shape().size()),
                        dy.buffer(),
                        x.buffer(),
                        gain.buffer(),
                        rstd.buffer(),
                        outputs.getFirst().buffer(),
                        gain.shape().last()));
    }
}
