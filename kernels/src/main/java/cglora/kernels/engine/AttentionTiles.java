package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Attention of one head in tiles of queries × keys: products by OpenBLAS on slices of columns,
/// exponentials by the Vector API. The softmax runs along the keys: what has been summed is scaled
/// down when a larger score comes (Milakov and Gimelshein, arXiv 1805.02867), and the gradient
/// makes each tile of probabilities again from the logarithm of its rows' sums (Dao et al., arXiv
/// 2205.14135). A thread keeps two tiles, whatever the sequence's length, and tiles that a mask
/// hides are left out.
final class AttentionTiles {
    /// Rows of a tile.
    static final int QUERIES = 128;

    /// Columns of a tile: two tiles of this size fit a core's cache.
    static final int KEYS = 512;

    private static final ThreadLocal<AttentionTiles> OF_THREAD =
            ThreadLocal.withInitial(AttentionTiles::new);

    private final float[] scores = new float[QUERIES * KEYS];
    private final float[] gradients = new float[QUERIES * KEYS];
    private final float[] maxima = new float[QUERIES];
    private final float[] sums = new float[QUERIES];

    /// A matrix within an array: `stride` elements from one row to the next.
    record Rows(float[] elements, int at, int stride) {
        int row(int i) {
            return at + i * stride;
        }

        /// The rows from `first` on.
        Rows from(int first) {
            return new Rows(elements, row(first), stride);
        }

        void zero(int from, int to, int size) {
            for (int i = from; i < to; i++) {
                Arrays.fill(elements, row(i), row(i) + size, 0f);
            }
        }
    }

    /// One number a query, from `at` on.
    record Numbers(float[] elements, int at) {
        float of(int i) {
            return elements[at + i];
        }

        void set(int i, float value) {
            elements[at + i] = value;
        }
    }

    /// Which keys a query sees, and what is added to its scores.
    ///
    /// @param keys     real keys
    /// @param position of the first query among the keys
    /// @param own      whether a query whose position is not a key's sees none
    /// @param causal   whether a query sees no key behind it
    /// @param window   how many keys a query sees at most; 0 for no limit
    /// @param bias     what the scores get, at `biasAt − i + j` for query `i` and key `j`; null for
    ///     none
    record Sight(
            int keys,
            int position,
            boolean own,
            boolean causal,
            int window,
            float[] bias,
            int biasAt) {
        int begin(int i) {
            return window == 0 ? 0 : Math.max(0, position + i - window + 1);
        }

        int end(int i) {
            int at = position + i;
            if (own && (at < 0 || at >= keys)) {
                return 0;
            }
            return causal ? Math.min(keys, at + 1) : keys;
        }
    }

    /// What one head computes with.
    ///
    /// @param rows  queries that are real
    /// @param size  of the head
    /// @param scale of the scores
    record Head(int rows, int size, float scale, Sight sight, Rows q, Rows k, Rows v) {}

    /// A tile: queries `row … row + rows − 1` and keys `key … key + keys − 1`.
    private record Tile(int row, int rows, int key, int keys) {}

    private AttentionTiles() {}

    /// Those of this thread.
    static AttentionTiles get() {
        return OF_THREAD.get();
    }

    /// `out = softmax(scale · q kᵀ + bias) v` and each row's log-sum-exp, 0 where a query sees no
    /// key.
    void forward(Head head, Rows out, Numbers lse) {
        if (head.rows() == 1
                && head.sight().bias() == null
                && head.sight().keys() <= scores.length) {
            QueryAttention.forward(head, scores, out, lse);
            return;
        }
        for (int row = 0; row < head.rows(); row += QUERIES) {
            int rows = Math.min(QUERIES, head.rows() - row);
            int begin = begin(head, row, rows);
            int end = end(head, row, rows);
            if (end <= begin) {
                out.zero(row, row + rows, head.size());
                Arrays.fill(lse.elements(), lse.at() + row, lse.at() + row + rows, 0f);
                continue;
            }
            Arrays.fill(maxima, 0, rows, -3e38f);
            Arrays.fill(sums, 0, rows, 0f);
            for (int key = begin; key < end; key += KEYS) {
                var tile = new Tile(row, rows, key, Math.min(KEYS, end - key));
                scores(head, tile);
                weigh(head, tile, out, key == begin);
                OpenBlas.get()
                        .sgemm(
                                false,
                                false,
                                rows,
                                head.size(),
                                tile.keys(),
                                1f,
                                scores,
                                0,
                                tile.keys(),
                                head.v().elements(),
                                head.v().row(key),
                                head.v().stride(),
                                key == begin ? 0f : 1f,
                                out.elements(),
                                out.row(row),
                                out.stride());
            }
            for (int i = 0; i < rows; i++) {
                boolean blind = sums[i] == 0;
                scale(out.elements(), out.row(row + i), head.size(), blind ? 0f : 1f / sums[i]);
                lse.set(row + i, blind ? 0f : maxima[i] + (float) Math.log(sums[i]));
            }
        }
    }

    /// Scores of a tile to weights `exp(score − max)`, with what was summed before scaled down to
    /// the new maxima.
    private void weigh(Head head, Tile tile, Rows out, boolean first) {
        for (int i = 0; i < tile.rows(); i++) {
            int from = from(head, tile, i);
            int length = to(head, tile, i) - from;
            int at = i * tile.keys();
            hide(scores, at, from, from + length, tile.keys());
            if (length == 0) {
                continue;
            }
            float max = Math.max(maxima[i], maximum(scores, at + from, length));
            float shrink = (float) Math.exp(maxima[i] - max);
            if (!first && shrink != 1f) {
                scale(out.elements(), out.row(tile.row() + i), head.size(), shrink);
            }
            sums[i] = sums[i] * shrink + exponentials(scores, at + from, length, max);
            maxima[i] = max;
        }
    }

    /// `delta = dout · out` of each row: what its probabilities' gradients have in common.
    static void delta(Head head, Rows dout, Rows out, Numbers delta) {
        for (int i = 0; i < head.rows(); i++) {
            delta.set(
                    i, dot(dout.elements(), dout.row(i), out.elements(), out.row(i), head.size()));
        }
    }

    /// With `p` the probabilities and `ds = p ∘ (dout vᵀ − delta)`: `dq = scale · ds k`, and to
    /// those of the keys and values are added `dk += scale · dsᵀ q` and `dv += pᵀ dout`.
    ///
    /// @param dq overwritten; null where it is not asked for
    /// @param dk null where it is not asked for; `dv` likewise
    void gradient(Head head, Rows dout, Numbers lse, Numbers delta, Rows dq, Rows dk, Rows dv) {
        for (int row = 0; row < head.rows(); row += QUERIES) {
            int rows = Math.min(QUERIES, head.rows() - row);
            int begin = begin(head, row, rows);
            int end = end(head, row, rows);
            if (dq != null && end <= begin) {
                dq.zero(row, row + rows, head.size());
            }
            for (int key = begin; key < end; key += KEYS) {
                var tile = new Tile(row, rows, key, Math.min(KEYS, end - key));
                scores(head, tile);
                product(head, tile, 1f, dout, head.v(), gradients);
                for (int i = 0; i < rows; i++) {
                    int from = from(head, tile, i);
                    int to = to(head, tile, i);
                    int at = i * tile.keys();
                    hide(scores, at, from, to, tile.keys());
                    hide(gradients, at, from, to, tile.keys());
                    probabilities(at + from, to - from, lse.of(row + i), delta.of(row + i));
                }
                if (dq != null) {
                    ofQueries(head, tile, dq, key == begin ? 0f : 1f);
                }
                if (dk != null) {
                    ofKeys(head, tile, head.scale(), gradients, head.q(), dk);
                    ofKeys(head, tile, 1f, scores, dout, dv);
                }
            }
        }
    }

    private static int begin(Head head, int row, int rows) {
        int begin = head.sight().keys();
        for (int i = row; i < row + rows; i++) {
            if (head.sight().end(i) > head.sight().begin(i)) {
                begin = Math.min(begin, head.sight().begin(i));
            }
        }
        return begin;
    }

    private static int end(Head head, int row, int rows) {
        int end = 0;
        for (int i = row; i < row + rows; i++) {
            end = Math.max(end, head.sight().end(i));
        }
        return end;
    }

    /// The first column of a tile that its row `i` sees.
    private static int from(Head head, Tile tile, int i) {
        return Math.clamp(head.sight().begin(tile.row() + i) - tile.key(), 0, tile.keys());
    }

    /// Behind the last column of a tile that its row `i` sees; not before [#from].
    private static int to(Head head, Tile tile, int i) {
        int to = head.sight().end(tile.row() + i) - tile.key();
        return Math.clamp(to, from(head, tile, i), tile.keys());
    }

    /// `scale · q kᵀ + bias` of a tile.
    private void scores(Head head, Tile tile) {
        product(head, tile, head.scale(), head.q(), head.k(), scores);
        float[] bias = head.sight().bias();
        if (bias == null) {
            return;
        }
        for (int i = 0; i < tile.rows(); i++) {
            int biasAt = head.sight().biasAt() - tile.row() - i + tile.key();
            int at = i * tile.keys();
            for (int j = 0; j < tile.keys(); j += LANES) {
                var mask = FLOATS.indexInRange(j, tile.keys());
                FloatVector.fromArray(FLOATS, scores, at + j, mask)
                        .add(FloatVector.fromArray(FLOATS, bias, biasAt + j, mask))
                        .intoArray(scores, at + j, mask);
            }
        }
    }

    /// `c = alpha · a bᵀ` of a tile: `a` of the queries, `b` of the keys.
    private static void product(Head head, Tile tile, float alpha, Rows a, Rows b, float[] c) {
        OpenBlas.get()
                .sgemm(
                        false,
                        true,
                        tile.rows(),
                        tile.keys(),
                        head.size(),
                        alpha,
                        a.elements(),
                        a.row(tile.row()),
                        a.stride(),
                        b.elements(),
                        b.row(tile.key()),
                        b.stride(),
                        0f,
                        c,
                        0,
                        tile.keys());
    }

    private void ofQueries(Head head, Tile tile, Rows dq, float beta) {
        OpenBlas.get()
                .sgemm(
                        false,
                        false,
                        tile.rows(),
                        head.size(),
                        tile.keys(),
                        head.scale(),
                        gradients,
                        0,
                        tile.keys(),
                        head.k().elements(),
                        head.k().row(tile.key()),
                        head.k().stride(),
                        beta,
                        dq.elements(),
                        dq.row(tile.row()),
                        dq.stride());
    }

    /// `sum += alpha · cᵀ a`: `c` a tile, `a` of the queries, `sum` of the keys.
    private static void ofKeys(Head head, Tile tile, float alpha, float[] c, Rows a, Rows sum) {
        OpenBlas.get()
                .sgemm(
                        true,
                        false,
                        tile.keys(),
                        head.size(),
                        tile.rows(),
                        alpha,
                        c,
                        0,
                        tile.keys(),
                        a.elements(),
                        a.row(tile.row()),
                        a.stride(),
                        1f,
                        sum.elements(),
                        sum.row(tile.key()),
                        sum.stride());
    }

    /// Zeros in a row of a tile but for the columns `from … to − 1`.
    private static void hide(float[] row, int at, int from, int to, int keys) {
        Arrays.fill(row, at, at + from, 0f);
        Arrays.fill(row, at + to, at + keys, 0f);
    }

    static float maximum(float[] row, int at, int length) {
        FloatVector maxima = FloatVector.broadcast(FLOATS, -3e38f);
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            maxima =
                    maxima.lanewise(
                            VectorOperators.MAX,
                            FloatVector.fromArray(FLOATS, row, at + i, mask),
                            mask);
        }
        return maxima.reduceLanes(VectorOperators.MAX);
    }

    /// Scores to `exp(score − max)`; returns their sum.
    static float exponentials(float[] row, int at, int length, float max) {
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector e =
                    VectorVariants.exp(FloatVector.fromArray(FLOATS, row, at + i, mask).sub(max));
            e.intoArray(row, at + i, mask);
            sums = sums.lanewise(VectorOperators.ADD, e, mask);
        }
        return VectorVariants.sum(sums);
    }

    static void scale(float[] row, int at, int length, float factor) {
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector.fromArray(FLOATS, row, at + i, mask)
                    .mul(factor)
                    .intoArray(row, at + i, mask);
        }
    }

    /// A part of a row of the tiles: scores to probabilities, their gradients to those of the
    /// scores.
    private void probabilities(int at, int length, float lse, float delta) {
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector probability =
                    VectorVariants.exp(
                            FloatVector.fromArray(FLOATS, scores, at + i, mask).sub(lse));
            probability.intoArray(scores, at + i, mask);
            FloatVector.fromArray(FLOATS, gradients, at + i, mask)
                    .sub(delta)
                    .mul(probability)
                    .intoArray(gradients, at + i, mask);
        }
    }

    static float dot(float[] x, int xAt, float[] y, int yAt, int length) {
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            sums =
                    FloatVector.fromArray(FLOATS, x, xAt + i, mask)
                            .fma(FloatVector.fromArray(FLOATS, y, yAt + i, mask), sums);
        }
        return VectorVariants.sum(sums);
    }
}
