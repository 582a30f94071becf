package cglora.models.graph;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.attention.AttentionMask;
import cglora.kernels.program.Launch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Scaled dot-product attention over padded sequences. Neighbouring heads share the keys and values
/// of one head where `k` has fewer heads than `q`.
///
/// @param q       [batch · width, heads · headSize]
/// @param k       [batch · keyWidth, keyHeads · headSize]
/// @param v       same shape as `k`
/// @param lengths [batch], int: real keys of each sequence; where `mask` is packed [batch, width]:
///     the key at which the sequence of each query begins, `width` for padding
/// @param heads   of the queries
/// @param scale   what the scores are multiplied by, `1/√headSize`
/// @param mask    which keys a query sees
public record Attention(
        Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, float scale, AttentionMask mask)
        implements Op {
    public Attention {
        Op.requireShape("v", v, k.shape().rows(), k.shape().last());
        int batch = lengths.shape().extent(0);
        boolean fits =
                q.shape().last() % heads == 0
                        && k.shape().last() % (q.shape().last() / heads) == 0
                        && heads % (k.shape().last() / (q.shape().last() / heads)) == 0
                        && q.shape().rows() % batch == 0
                        && k.shape().rows() % batch == 0;
        boolean own = mask.queries() == AttentionMask.Queries.OWN;
        fits &= lengths.shape().size() == (mask.packed() ? q.shape().rows() : batch);
        if (!fits || own && q.shape().rows() != k.shape().rows()) {
            throw new IllegalArgumentException(
                    "%s with %d heads on %s, %s, %s".formatted(q, heads, k, lengths, mask));
        }
    }

    /// Every query sees every key of its sequence.
    public Attention(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, float scale) {
        this(q, k, v, lengths, heads, scale, AttentionMask.FULL);
    }

    int batch() {
        return lengths.shape().extent(0);
    }

    int width() {
        return q.shape().rows() / batch();
    }

    int headSize() {
        return q.shape().last() / heads;
    }

    int keyHeads() {
        return k.shape().last() / headSize();
    }

    int keyWidth() {
        return k.shape().rows() / batch();
    }

    /// Appends the packed dimensions and the scale to the buffers of a launch.
    Object[] arguments(Object... buffers) {
        var arguments = new ArrayList<Object>(List.of(buffers));
        arguments.addAll(
                List.of(
                        heads,
                        width(),
                        headSize(),
                        keyHeads(),
                        keyWidth(),
                        mask.queries().ordinal(),
                        mask.causal() ? 1 : 0,
                        mask.window(),
                        mask.packed() ? 1 : 0,
                        scale));
        return arguments.toArray();
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(q, k, v, lengths);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of("attention", q.shape()),
                Output.of("lse", Shape.of(batch() * heads * width())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                                AttentionKernels.ATTENTION_FORWARD,
                                batch() * heads * width(),
                                arguments(
                                        q.buffer(),
                                        k.buffer(),
                                        v.buffer(),
                                        lengths.buffer(),
                                        outputs.get(0).buffer(),
                                        outputs.get(1).buffer()))
                        .withGrain(width())
                        .withOperations(4L * q.shape().size() * keyWidth()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        Supplier<Node> node =
                Gradient.once(() -> graph.add(new AttentionGradient(this, outputs, dy)));
        return List.of(
                Gradient.of(graph, q, () -> node.get().output(0)),
                Gradient.of(graph, k, () -> node.get().output(1)),
                Gradient.of(graph, v, () -> node.get().output(2)));
    }
}
