package cglora.models.graph;

import cglora.kernels.loss.LossKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `dPrediction = 2 · dLoss · (prediction − target)`.
record SquaredErrorGradient(Tensor prediction, Tensor target, Tensor dLoss) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(prediction, target, dLoss);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dPrediction", prediction.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        LossKernels.SQUARED_ERROR_GRADIENT,
                        Math.toIntExact(target.shape().size()),
                        prediction.buffer(),
                        target.buffer(),
                        dLoss.buffer(),
                        outputs.getFirst().buffer()));
    }
}
