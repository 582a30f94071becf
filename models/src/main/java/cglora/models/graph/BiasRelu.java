package cglora.models.graph;

import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = max(x + bias, 0)`.
///
/// @param x    [rows, width]
/// @param bias [width]
public record BiasRelu(Tensor x, Tensor bias) implements Op {
    public BiasRelu {
        Op.requireShape("bias", bias, x.shape().last());
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, bias);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("relu", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ActivationKernels.BIAS_RELU,
                        x.shape().rows(),
                        x.buffer(),
                        bias.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        var dx = Gradient.once(() -> graph.apply(new BiasReluGradient(dy, x, bias)));
        return List.of(
                Gradient.of(graph, x, dx),
                Gradient.of(graph, bias, () -> graph.apply(new ColumnSum(dx.get()))));
    }
}
