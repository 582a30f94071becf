package cglora.models.graph;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of what tokens were taken from.
record TakeRowsGradient(TakeRows forward, Tensor dy) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, forward.starts());
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dx", forward.x().shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        PoolingKernels.TAKE_ROWS_GRADIENT,
                        forward.x().shape().rows(),
                        dy.buffer(),
                        forward.starts().buffer(),
                        outputs.getFirst().buffer(),
                        forward.width(),
                        forward.taken(),
                        dy.shape().last()));
    }
}
