package cglora.models.graph;

import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `dx = dy` where `x + bias > 0`, else 0.
record BiasReluGradient(Tensor dy, Tensor x, Tensor bias) implements Op {
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
                        ActivationKernels.BIAS_RELU_GRADIENT,
                        x.shape().rows(),
                        dy.buffer(),
                        x.buffer(),
                        bias.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }
}
