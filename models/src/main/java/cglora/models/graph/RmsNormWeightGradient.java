package cglora.models.graph;

import cglora.kernels.normalization.RmsNormKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of a root-mean-square normalisation's gain, which gives the shape.
record RmsNormWeightGradient(Tensor dy, Tensor x, Tensor gain, Tensor rstd) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, x, rstd);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dGain", gain.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        RmsNormKernels.RMS_NORM_GAIN_GRADIENT,
                        gain.shape().last(),
                        dy.buffer(),
                        x.buffer(),
                        rstd.buffer(),
                        outputs.getFirst().buffer(),
                        Math.toIntExact(rstd.shape().size()),
                        gain.shape().last()));
    }
}
