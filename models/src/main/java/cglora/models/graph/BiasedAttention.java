package cglora.models.graph;

import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.program.Launch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Attention with a bias of the relative position and no scale, within padded sequences or from one
/// to another.
///
/// @param q            [batch · queries, heads · headSize]
/// @param k            [batch · keys, heads · headSize]
/// @param v            the shape of `k`
/// @param bias         [heads, queries + keys − 1], of [RelativeBias]; null for none
/// @param queryLengths [batch], int
/// @param keyLengths   [batch], int; may be `queryLengths`
/// @param causal       whether query `i` sees the keys `0 … i` only
public record BiasedAttention(
        Tensor q,
        Tensor k,
        Tensor v,
        Tensor bias,
        Tensor queryLengths,
        Tensor keyLengths,
        int heads,
        boolean causal)
        implements Op {
    public BiasedAttention {
        int hidden = q.shape().last();
        Op.requireShape("k", k, k.shape().rows(), hidden);
        Op.requireShape("v", v, k.shape().rows(), hidden);
        Op.requireShape("keyLengths", keyLengths, queryLengths.shape().last());
        int batch = queryLengths.shape().last();
        if (hidden % heads != 0 || q.shape().rows() % batch != 0 || k.shape().rows() % batch != 0) {
            throw new IllegalArgumentException(
                    q + " and " + k + " with " + heads + " heads, " + queryLengths);
        }
        if (bias != null) {
            int distances = (q.shape().rows() + k.shape().rows()) / batch - 1;
            Op.requireShape("bias", bias, heads, distances);
        }
    }

    int batch() {
        return queryLengths.shape().last();
    }

    int queries() {
        return q.shape().rows() / batch();
    }

    int keys() {
        return k.shape().rows() / batch();
    }

    int headSize() {
        return q.shape().last() / heads;
    }

    /// The operand of the bias: where there is none, something that is not read.
    Tensor biasOperand() {
        return bias == null ? q : bias;
    }

    /// Multiplications and additions of one product of queries and keys.
    long productOperations() {
        return 2L * q.shape().size() * keys();
    }

    @Override
    public List<Tensor> inputs() {
        return bias == null
                ? List.of(q, k, v, queryLengths, keyLengths)
                : List.of(q, k, v, bias, queryLengths, keyLengths);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of("attention", q.shape()),
                Output.of("lse", Shape.of(batch() * heads * queries())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                                BiasedAttentionKernels.BIASED_ATTENTION,
                                batch() * heads * queries(),
                                q.buffer(),
                                k.buffer(),
                                v.buffer(),
                                biasOperand().buffer(),
                                queryLengths.buffer(),
                                keyLengths.buffer(),
                                outputs.get(0).buffer(),
                                outputs.get(1).buffer(),
                                heads,
                                queries(),
                                keys(),
                                headSize(),
                                causal ? 1 : 0,
                                bias == null ? 0 : 1)
                        .withGrain(queries())
                        .withOperations(2 * productOperations()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        Supplier<Node> ofQueries =
                Gradient.once(() -> graph.add(new BiasedAttentionQueryGradient(this, outputs, dy)));
        Supplier<Tensor> delta = () -> ofQueries.get().output(1);
        Tensor lse = outputs.get(1);
        Supplier<Node> ofKeys =
                Gradient.once(
                        () ->
                                graph.add(
                                        new BiasedAttentionKeyGradient(
                                                this, lse, delta.get(), dy)));
        var gradients = new ArrayList<Gradient>();
        gradients.add(Gradient.of(graph, q, () -> ofQueries.get().output(0)));
        gradients.add(Gradient.of(graph, k, () -> ofKeys.get().output(0)));
        gradients.add(Gradient.of(graph, v, () -> ofKeys.get().output(1)));
        if (bias != null) {
            gradients.add(
                    Gradient.of(
                            graph,
                            bias,
                            () ->
                                    graph.apply(
                                            new BiasedAttentionBiasGradient(
                                                    this, lse, delta.get(), dy))));
        }
        return gradients;
    }
}
