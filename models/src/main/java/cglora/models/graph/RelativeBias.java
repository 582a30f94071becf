package cglora.models.graph;

import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// The bias of attention at each distance between a query and a key, `table[buckets[d], h]`
/// [heads, distances].
///
/// @param table   [entries, heads]
/// @param buckets [distances], int, below `entries`
public record RelativeBias(Tensor table, Tensor buckets) implements Op {
    int heads() {
        return table.shape().last();
    }

    int distances() {
        return buckets.shape().last();
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(table, buckets);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("bias", Shape.of(heads(), distances())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        BiasedAttentionKernels.RELATIVE_BIAS,
                        heads() * distances(),
                        table.buffer(),
                        buckets.buffer(),
                        outputs.getFirst().buffer(),
                        heads(),
                        distances()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(
                        graph,
                        table,
                        () -> graph.apply(new RelativeBiasGradient(dy, buckets, table))));
    }
}
