package cglora.models.graph;

import cglora.kernels.loss.LossKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `(prediction − target)²` of each example [rows].
///
/// @param prediction [rows, 1]
/// @param target     [rows]
public record SquaredError(Tensor prediction, Tensor target) implements Op {
    public SquaredError {
        Op.requireShape("prediction", prediction, Math.toIntExact(target.shape().size()), 1);
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(prediction, target);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("loss", target.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        LossKernels.SQUARED_ERROR,
                        Math.toIntExact(target.shape().size()),
                        prediction.buffer(),
                        target.buffer(),
                        outputs.getFirst().buffer()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(
                        graph,
                        prediction,
                        () -> graph.apply(new SquaredErrorGradient(prediction, target, dy))));
    }
}
