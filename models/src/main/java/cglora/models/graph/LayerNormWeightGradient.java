package cglora.models.graph;

import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import java.util.List;

/// Gradients of a layer normalisation's gain and shift.
record LayerNormWeightGradient(Tensor dy, Tensor normalized) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, normalized);
    }

    @Override
    public List<Output> outputs() {
        Shape shape = Shape.of(dy.shape().last());
        return List.of(Output.of("dGain", shape), Output.of("dShift", shape));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        LayerNormKernels.LAYER_NORM_GAIN_GRADIENT,
                        dy.shape().last(),
                        dy.buffer(),
                        normalized.buffer(),
                        outputs.get(0).buffer(),
                        dy.shape().rows(),
                        dy.shape().last()),
                Launch.of(
                        ReductionKernels.COLUMN_SUM,
                        dy.shape().last(),
                        dy.buffer(),
                        outputs.get(1).buffer(),
                        dy.shape().rows(),
                        dy.shape().last()));
    }
}
