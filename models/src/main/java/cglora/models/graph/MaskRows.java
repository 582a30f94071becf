package cglora.models.graph;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `x` [batch · width, hidden] with the rows of padding tokens set to 0.
public record MaskRows(Tensor x, Tensor lengths) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x, lengths);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("masked", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int batch = Math.toIntExact(lengths.shape().size());
        return List.of(
                Launch.of(
                        PoolingKernels.MASK_ROWS,
                        x.shape().rows(),
                        x.buffer(),
                        lengths.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().rows() / batch,
                        x.shape().last()));
    }
}
