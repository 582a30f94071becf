package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import cglora.kernels.engine.AttentionTiles.Head;
import cglora.kernels.engine.AttentionTiles.Numbers;
import cglora.kernels.engine.AttentionTiles.Rows;
import jdk.incubator.vector.FloatVector;

/// Attention of a single query, which a token has over all that is kept of those before it: keys
/// and values are read once, row by row, through the Vector API. A product of one row is what a
/// library for matrices is slowest at.
final class QueryAttention {
    /// Vectors of a value that are summed side by side.
    private static final int BLOCK = 4 * LANES;

    private QueryAttention() {}

    /// `out = softmax(scale · q kᵀ) v` of the head's first query, and the logarithm of the sum.
    ///
    /// @param scores room for one number a key
    static void forward(Head head, float[] scores, Rows out, Numbers lse) {
        int begin = head.sight().begin(0);
        int count = head.sight().end(0) - begin;
        if (count <= 0) {
            out.zero(0, 1, head.size());
            lse.set(0, 0f);
            return;
        }
        Rows k = head.k();
        for (int j = 0; j < count; j++) {
            scores[j] =
                    head.scale()
                            * AttentionTiles.dot(
                                    head.q().elements(),
                                    head.q().row(0),
                                    k.elements(),
                                    k.row(begin + j),
                                    head.size());
        }
        float max = AttentionTiles.maximum(scores, 0, count);
        float sum = AttentionTiles.exponentials(scores, 0, count, max);
        weighted(scores, count, head.v(), begin, out, head.size());
        AttentionTiles.scale(out.elements(), out.row(0), head.size(), 1f / sum);
        lse.set(0, max + (float) Math.log(sum));
    }

    /// `out = Σ weights[j] · v[begin + j]`.
    private static void weighted(
            float[] weights, int count, Rows v, int begin, Rows out, int size) {
        int p = 0;
        for (; p + BLOCK <= size; p += BLOCK) {
            block(weights, count, v.elements(), v.row(begin) + p, v.stride(), out, p);
        }
        for (; p < size; p += LANES) {
            var mask = FLOATS.indexInRange(p, size);
            FloatVector sums = FloatVector.zero(FLOATS);
            for (int j = 0; j < count; j++) {
                FloatVector w = FloatVector.broadcast(FLOATS, weights[j]);
                sums =
                        FloatVector.fromArray(FLOATS, v.elements(), v.row(begin + j) + p, mask)
                                .fma(w, sums);
            }
            sums.intoArray(out.elements(), out.row(0) + p, mask);
        }
    }

    private static void block(
            float[] weights, int count, float[] v, int vAt, int stride, Rows out, int p) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int j = 0; j < count; j++) {
            FloatVector w = FloatVector.broadcast(FLOATS, weights[j]);
            int at = vAt + j * stride;
            s0 = FloatVector.fromArray(FLOATS, v, at).fma(w, s0);
            s1 = FloatVector.fromArray(FLOATS, v, at + LANES).fma(w, s1);
            s2 = FloatVector.fromArray(FLOATS, v, at + 2 * LANES).fma(w, s2);
            s3 = FloatVector.fromArray(FLOATS, v, at + 3 * LANES).fma(w, s3);
        }
        int at = out.row(0) + p;
        s0.intoArray(out.elements(), at);
        s1.intoArray(out.elements(), at + LANES);
        s2.intoArray(out.elements(), at + 2 * LANES);
        s3.intoArray(out.elements(), at + 3 * LANES);
    }
}
