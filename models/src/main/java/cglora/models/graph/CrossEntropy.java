package cglora.models.graph;

import cglora.kernels.loss.LossKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Cross entropy of each example [rows], unit nat; 0 where the label is negative.
///
/// @param logits [rows, classes]
/// @param labels [rows], int
public record CrossEntropy(Tensor logits, Tensor labels) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(logits, labels);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of("loss", Shape.of(logits.shape().rows())),
                Output.of("probabilities", logits.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        LossKernels.CROSS_ENTROPY,
                        logits.shape().rows(),
                        logits.buffer(),
                        labels.buffer(),
                        outputs.get(1).buffer(),
                        outputs.get(0).buffer(),
                        logits.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(
                        graph,
                        logits,
                        () -> graph.apply(new CrossEntropyGradient(outputs.get(1), labels, dy))));
    }
}
