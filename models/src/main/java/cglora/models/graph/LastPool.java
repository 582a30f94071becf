package cglora.models.graph;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// The vector of the last real token of each sequence; 0 for a sequence without tokens.
///
/// @param x       [batch · width, hidden]
/// @param lengths [batch], int: real tokens of each sequence
public record LastPool(Tensor x, Tensor lengths) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x, lengths);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of(
                        "pooled",
                        Shape.of(Math.toIntExact(lengths.shape().size()), x.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int batch = Math.toIntExact(lengths.shape().size());
        return List.of(
                Launch.of(
                        PoolingKernels.LAST_POOL,
                        batch,
                        x.buffer(),
                        lengths.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().rows() / batch,
                        x.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(graph, x, () -> graph.apply(new LastPoolGradient(dy, lengths, x))));
    }
}
