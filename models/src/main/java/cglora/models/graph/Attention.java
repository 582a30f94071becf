package cglora.models.graph;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.program.Launch;
import java.util.List;
import java.util.function.Supplier;

/// Scaled dot-product attention over padded sequences.
///
/// @param q       [batch · width, heads · headSize]
/// @param k       same shape
/// @param v       same shape
/// @param lengths [batch], int
/// @param scale   what the scores are multiplied by, `1/√headSize`
public record Attention(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, float scale)
        implements Op {
    public Attention {
        Op.requireShape("k", k, q.shape().rows(), q.shape().last());
        Op.requireShape("v", v, q.shape().rows(), q.shape().last());
        if (q.shape().last() % heads != 0 || q.shape().rows() % lengths.shape().rows() != 0) {
            throw new IllegalArgumentException(q + " with " + heads + " heads, " + lengths);
        }
    }

    int batch() {
        return Math.toIntExact(lengths.shape().size());
    }

    int width() {
        return q.shape().rows() / batch();
    }

    int headSize() {
        return q.shape().last() / heads;
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
                                q.buffer(),
                                k.buffer(),
                                v.buffer(),
                                lengths.buffer(),
                                outputs.get(0).buffer(),
                                outputs.get(1).buffer(),
                                heads,
                                width(),
                                headSize(),
                                scale)
                        .withGrain(width())
                        .withOperations(4L * q.shape().size() * width()));
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
