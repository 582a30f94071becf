package cglora.models.graph;

import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = gelu(x + bias)`.
///
/// @param x     [rows, width]
/// @param bias  [width]
/// @param exact the exact form by erf; otherwise the tanh form
public record BiasGelu(Tensor x, Tensor bias, boolean exact) implements Op {
    public BiasGelu {
        Op.requireShape("bias", bias, x.shape().last());
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, bias);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("gelu", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        exact ? ActivationKernels.BIAS_GELU : ActivationKernels.BIAS_GELU_TANH,
                        x.shape().rows(),
                        x.buffer(),
                        bias.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        var dx = Gradient.once(() -> graph.apply(new BiasGeluGradient(dy, x, bias, exact)));
        return List.of(
                Gradient.of(graph, x, dx),
                Gradient.of(graph, bias, () -> graph.apply(new ColumnSum(dx.get()))));
    }
}
