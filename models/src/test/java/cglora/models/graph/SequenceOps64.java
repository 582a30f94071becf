package cglora.models.graph;

import cglora.kernels.check.BiasedAttention64;
import cglora.kernels.check.Float64;

/// Ops of encoder–decoder models in float64, from their formulas.
final class SequenceOps64 {
    private SequenceOps64() {}

    static double[] biasedAttention(BiasedAttention o, Float64Values values) {
        var sizes =
                new BiasedAttention64(
                        o.batch(), o.heads(), o.queries(), o.keys(), o.headSize(), o.causal());
        return sizes.forward(
                        new BiasedAttention64.Inputs(
                                values.of(o.q()),
                                values.of(o.k()),
                                values.of(o.v()),
                                o.bias() == null ? null : values.of(o.bias()),
                                values.ints(o.queryLengths()),
                                values.ints(o.keyLengths())))
                .out();
    }

    static double[] relativeBias(RelativeBias o, Float64Values values) {
        double[] table = values.of(o.table());
        int[] buckets = values.ints(o.buckets());
        return Float64.matrix(
                o.heads(), o.distances(), (h, d) -> table[buckets[d] * o.heads() + h]);
    }

    static double[] pickSequences(PickSequences o, Float64Values values) {
        double[] x = values.of(o.x());
        int[] order = values.ints(o.order());
        int size = o.positions() * o.x().shape().last();
        return Float64.matrix(order.length, size, (b, i) -> x[order[b] * size + i]);
    }

    static double[] rowArgMax(RowArgMax o, Float64Values values) {
        double[] x = values.of(o.x());
        int columns = o.x().shape().last();
        return Float64.vector(
                o.x().shape().rows(),
                r -> {
                    int best = 0;
                    for (int c = 1; c < columns; c++) {
                        best = x[r * columns + c] > x[r * columns + best] ? c : best;
                    }
                    return best;
                });
    }
}
