package cglora.models.graph;

import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = tanh(x)`.
public record Tanh(Tensor x) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("tanh", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ActivationKernels.TANH_FORWARD,
                        x.shape().rows(),
                        x.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(graph, x, () -> graph.apply(new TanhGradient(dy, outputs.getFirst()))));
    }
}
