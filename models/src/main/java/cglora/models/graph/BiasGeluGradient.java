package cglora.models.graph;

import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `dx = dy · gelu'(x + bias)`.
record BiasGeluGradient(Tensor dy, Tensor x, Tensor bias, boolean exact) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, x, bias);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dx", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        exact
                                ? ActivationKernels.BIAS_GELU_GRADIENT
                                : ActivationKernels.BIAS_GELU_TANH_GRADIENT,
                        x.shape().rows(),
                        dy.buffer(),
                        x.buffer(),
                        bias.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }
}
