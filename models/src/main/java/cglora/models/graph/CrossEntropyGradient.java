package cglora.models.graph;

import cglora.kernels.loss.LossKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `dLogits = dLoss · (probabilities − onehot(label))`.
record CrossEntropyGradient(Tensor probabilities, Tensor labels, Tensor dLoss) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(probabilities, labels, dLoss);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dLogits", probabilities.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        LossKernels.CROSS_ENTROPY_GRADIENT,
                        probabilities.shape().rows(),
                        probabilities.buffer(),
                        labels.buffer(),
                        dLoss.buffer(),
                        outputs.getFirst().buffer(),
                        probabilities.shape().last()));
    }
}
