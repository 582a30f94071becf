package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// Attention with a bias of the relative position head by head, as [AttentionVariants]: products by
/// OpenBLAS on slices of columns, softmax by the Vector API, and only the real tokens.
final class BiasedAttentionVariants {
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private static final class Scratch {
        private float[] scores = new float[0];
        private float[] gradients = new float[0];

        private void ensure(int length) {
            if (scores.length < length) {
                scores = new float[length];
                gradients = new float[length];
            }
        }
    }

    /// The sizes of a call, and where one head of one sequence begins.
    ///
    /// @param sizes where the packed sizes are in the table
    private record Head(int[] at, int o, int sizes, int pair) {
        int heads() {
            return at[o + sizes];
        }

        int queries() {
            return at[o + sizes + 1];
        }

        int keys() {
            return at[o + sizes + 2];
        }

        int size() {
            return at[o + sizes + 3];
        }

        boolean causal() {
            return at[o + sizes + 4] != 0;
        }

        boolean biased() {
            return at[o + sizes + 5] != 0;
        }

        int hidden() {
            return heads() * size();
        }

        int sequence() {
            return pair / heads();
        }

        /// Of a tensor of so many positions, that is operand `operand`.
        int begin(int operand, int positions) {
            return at[o + operand] + sequence() * positions * hidden() + pair % heads() * size();
        }

        int rows(int operand) {
            return at[o + operand] + pair * queries();
        }

        int bias(int query) {
            return at[o + 3] + pair % heads() * (queries() + keys() - 1) + queries() - 1 - query;
        }

        /// How many keys a query sees.
        int seen(int query, int length) {
            return causal() ? Math.min(length, query + 1) : length;
        }
    }

    private BiasedAttentionVariants() {}

    static void biasedAttention(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] out,
            float[] lse,
            int[] at,
            int o) {
        int queries = at[o + 9];
        requireWhole(first, count, queries);
        OpenBlas blas = OpenBlas.get();
        for (int pair = first / queries; pair < (first + count) / queries; pair++) {
            var head = new Head(at, o, 8, pair);
            int length = keyLengths[at[o + 5] + head.sequence()];
            int rows = length == 0 ? 0 : queryLengths[at[o + 4] + head.sequence()];
            float[] p = scores(head, q, k, bias, rows, length);
            for (int i = 0; i < rows; i++) {
                int seen = head.seen(i, length);
                lse[head.rows(7) + i] = AttentionVariants.softmax(p, i * length, seen);
                Arrays.fill(p, i * length + seen, (i + 1) * length, 0f);
            }
            int outAt = head.begin(6, queries);
            blas.sgemm(
                    false,
                    false,
                    rows,
                    head.size(),
                    length,
                    1f,
                    p,
                    0,
                    length,
                    v,
                    head.begin(2, head.keys()),
                    head.hidden(),
                    0f,
                    out,
                    outAt,
                    head.hidden());
            zero(out, outAt, rows, queries, head);
            Arrays.fill(lse, head.rows(7) + rows, head.rows(7) + queries, 0f);
        }
    }

    static void biasedAttentionQueryGradient(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] delta,
            int[] at,
            int o) {
        int queries = at[o + 12];
        requireWhole(first, count, queries);
        OpenBlas blas = OpenBlas.get();
        for (int pair = first / queries; pair < (first + count) / queries; pair++) {
            var head = new Head(at, o, 11, pair);
            int length = keyLengths[at[o + 5] + head.sequence()];
            int rows = length == 0 ? 0 : queryLengths[at[o + 4] + head.sequence()];
            int doutAt = head.begin(8, queries);
            for (int i = 0; i < rows; i++) {
                delta[head.rows(10) + i] =
                        AttentionVariants.dot(
                                dout,
                                doutAt + i * head.hidden(),
                                out,
                                head.begin(6, queries) + i * head.hidden(),
                                head.size());
            }
            float[] p = scores(head, q, k, bias, rows, length);
            float[] ds = scoreGradients(head, v, dout, doutAt, rows, length);
            toGradients(head, p, ds, rows, length, lse, head.rows(7), delta, head.rows(10));
            int dqAt = head.begin(9, queries);
            blas.sgemm(
                    false,
                    false,
                    rows,
                    head.size(),
                    length,
                    1f,
                    ds,
                    0,
                    length,
                    k,
                    head.begin(1, head.keys()),
                    head.hidden(),
                    0f,
                    dq,
                    dqAt,
                    head.hidden());
            zero(dq, dqAt, rows, queries, head);
            Arrays.fill(delta, head.rows(10) + rows, head.rows(10) + queries, 0f);
        }
    }

    static void biasedAttentionKeyGradient(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] lse,
            float[] delta,
            float[] dout,
            float[] dk,
            float[] dv,
            int[] at,
            int o) {
        int keys = at[o + 13];
        requireWhole(first, count, keys);
        OpenBlas blas = OpenBlas.get();
        for (int pair = first / keys; pair < (first + count) / keys; pair++) {
            var head = new Head(at, o, 11, pair);
            int rows = queryLengths[at[o + 4] + head.sequence()];
            int length = rows == 0 ? 0 : keyLengths[at[o + 5] + head.sequence()];
            int doutAt = head.begin(8, head.queries());
            float[] p = scores(head, q, k, bias, rows, length);
            float[] ds = scoreGradients(head, v, dout, doutAt, rows, length);
            toGradients(head, p, ds, rows, length, lse, head.rows(6), delta, head.rows(7));
            int dkAt = head.begin(9, keys);
            int dvAt = head.begin(10, keys);
            blas.sgemm(
                    true,
                    false,
                    length,
                    head.size(),
                    rows,
                    1f,
                    ds,
                    0,
                    length,
                    q,
                    head.begin(0, head.queries()),
                    head.hidden(),
                    0f,
                    dk,
                    dkAt,
                    head.hidden());
            blas.sgemm(
                    true,
                    false,
                    length,
                    head.size(),
                    rows,
                    1f,
                    p,
                    0,
                    length,
                    dout,
                    doutAt,
                    head.hidden(),
                    0f,
                    dv,
                    dvAt,
                    head.hidden());
            zero(dk, dkAt, length, keys, head);
            zero(dv, dvAt, length, keys, head);
        }
    }

    private static void requireWhole(int first, int count, int rows) {
        if (first % rows != 0 || count % rows != 0) {
            throw new IllegalArgumentException(
                    "range " + first + " + " + count + " cuts a head of " + rows + " rows");
        }
    }

    /// `q kᵀ + bias` [rows, length].
    private static float[] scores(
            Head head, float[] q, float[] k, float[] bias, int rows, int length) {
        Scratch scratch = SCRATCH.get();
        scratch.ensure(rows * length);
        float[] p = scratch.scores;
        OpenBlas.get()
                .sgemm(
                        false,
                        true,
                        rows,
                        length,
                        head.size(),
                        1f,
                        q,
                        head.begin(0, head.queries()),
                        head.hidden(),
                        k,
                        head.begin(1, head.keys()),
                        head.hidden(),
                        0f,
                        p,
                        0,
                        length);
        for (int i = 0; i < rows && head.biased(); i++) {
            int biasAt = head.bias(i);
            for (int j = 0; j < length; j += LANES) {
                var mask = FLOATS.indexInRange(j, length);
                FloatVector.fromArray(FLOATS, p, i * length + j, mask)
                        .add(FloatVector.fromArray(FLOATS, bias, biasAt + j, mask))
                        .intoArray(p, i * length + j, mask);
            }
        }
        return p;
    }

    /// `dout vᵀ` [rows, length].
    private static float[] scoreGradients(
            Head head, float[] v, float[] dout, int doutAt, int rows, int length) {
        float[] dp = SCRATCH.get().gradients;
        OpenBlas.get()
                .sgemm(
                        false,
                        true,
                        rows,
                        length,
                        head.size(),
                        1f,
                        dout,
                        doutAt,
                        head.hidden(),
                        v,
                        head.begin(2, head.keys()),
                        head.hidden(),
                        0f,
                        dp,
                        0,
                        length);
        return dp;
    }

    /// Scores to probabilities, their gradients to those of the scores; 0 for keys out of sight.
    private static void toGradients(
            Head head,
            float[] p,
            float[] dp,
            int rows,
            int length,
            float[] lse,
            int lseAt,
            float[] delta,
            int deltaAt) {
        for (int i = 0; i < rows && length > 0; i++) {
            int seen = head.seen(i, length);
            AttentionVariants.probabilitiesAndGradient(
                    p, dp, i * length, seen, lse[lseAt + i], delta[deltaAt + i]);
            Arrays.fill(p, i * length + seen, (i + 1) * length, 0f);
            Arrays.fill(dp, i * length + seen, (i + 1) * length, 0f);
        }
    }

    /// The rows `from … to − 1` of one head.
    private static void zero(float[] x, int begin, int from, int to, Head head) {
        for (int i = from; i < to; i++) {
            int row = begin + i * head.hidden();
            Arrays.fill(x, row, row + head.size(), 0f);
        }
    }
}
