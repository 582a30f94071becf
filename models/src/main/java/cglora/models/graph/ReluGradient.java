package cglora.models.graph;

import cglora.kernels.activation.ReluKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `dx = dy` where `y > 0`, else 0.
record ReluGradient(Tensor dy, Tensor y) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, y);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dx", y.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ReluKernels.RELU_GRADIENT,
                        y.shape().rows(),
                        dy.buffer(),
                        y.buffer(),
                        outputs.getFirst().buffer(),
                        y.shape().last()));
    }
}
