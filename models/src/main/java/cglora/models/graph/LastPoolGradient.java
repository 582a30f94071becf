package cglora.models.graph;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of what a [LastPool] pools; `x` gives the shape.
record LastPoolGradient(Tensor dy, Tensor lengths, Tensor x) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, lengths);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dx", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        PoolingKernels.LAST_POOL_GRADIENT,
                        x.shape().rows(),
                        dy.buffer(),
                        lengths.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().rows() / dy.shape().rows(),
                        x.shape().last()));
    }
}
