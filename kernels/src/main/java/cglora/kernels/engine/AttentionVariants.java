package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import cglora.kernels.attention.AttentionMask;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Attention head by head: the products by OpenBLAS on slices of columns, softmax by the Vector
/// API, and only the real tokens of each sequence. Scores that a mask hides are computed and then
/// left aside. A thread keeps two score matrices of the longest sequence it has seen.
final class AttentionVariants {
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

    /// The packed dimensions of a launch.
    private record Sizes(
            int heads, int width, int headSize, int keyHeads, int keyWidth, AttentionMask mask) {
        static Sizes of(int[] at, int from) {
            return new Sizes(
                    at[from],
                    at[from + 1],
                    at[from + 2],
                    at[from + 3],
                    at[from + 4],
                    new AttentionMask(
                            AttentionMask.Queries.values()[at[from + 5]],
                            at[from + 6] == 1,
                            at[from + 7]));
        }

        int hidden() {
            return heads * headSize;
        }

        int keyHidden() {
            return keyHeads * headSize;
        }

        /// Where head `h` of the queries of sequence `b` begins.
        int base(int b, int h) {
            return b * width * hidden() + h * headSize;
        }

        /// Where the keys of head `h` of sequence `b` begin; `h` counts the queries' heads.
        int keyBase(int b, int h) {
            return b * keyWidth * keyHidden() + h / (heads / keyHeads) * headSize;
        }

        /// Rows of queries that are looked at: those behind are padding.
        int rows(int keys) {
            return mask.queries() == AttentionMask.Queries.OWN ? Math.min(width, keys) : width;
        }
    }

    private AttentionVariants() {}

    static void attentionForward(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            int[] at,
            int o,
            float scale) {
        Sizes s = Sizes.of(at, o + 6);
        int width = s.width();
        int headSize = s.headSize();
        int hidden = s.hidden();
        if (first % width != 0 || count % width != 0) {
            throw new IllegalArgumentException(
                    "range " + first + " + " + count + " cuts a head of " + width + " rows");
        }
        OpenBlas blas = OpenBlas.get();
        Scratch scratch = SCRATCH.get();
        for (int pair = first / width; pair < (first + count) / width; pair++) {
            int b = pair / s.heads();
            int base = s.base(b, pair % s.heads());
            int keyBase = s.keyBase(b, pair % s.heads());
            int keys = Math.min(s.keyWidth(), lengths[at[o + 3] + b]);
            int rows = keys > 0 ? s.rows(keys) : 0;
            int lseAt = at[o + 5] + pair * width;
            scratch.ensure(rows * keys);
            float[] p = scratch.scores;
            if (rows > 0) {
                blas.sgemm(
                        false,
                        true,
                        rows,
                        keys,
                        headSize,
                        scale,
                        q,
                        at[o] + base,
                        hidden,
                        k,
                        at[o + 1] + keyBase,
                        s.keyHidden(),
                        0f,
                        p,
                        0,
                        keys);
                for (int i = 0; i < rows; i++) {
                    int begin = s.mask().begin(i, width, keys);
                    int end = Math.max(begin, s.mask().end(i, width, keys));
                    hide(p, i * keys, begin, end, keys);
                    lse[lseAt + i] = end > begin ? softmax(p, i * keys + begin, end - begin) : 0f;
                }
                blas.sgemm(
                        false,
                        false,
                        rows,
                        headSize,
                        keys,
                        1f,
                        p,
                        0,
                        keys,
                        v,
                        at[o + 2] + keyBase,
                        s.keyHidden(),
                        0f,
                        out,
                        at[o + 4] + base,
                        hidden);
            }
            for (int i = rows; i < width; i++) {
                int row = at[o + 4] + base + i * hidden;
                Arrays.fill(out, row, row + headSize, 0f);
                lse[lseAt + i] = 0f;
            }
        }
    }

    /// Zeros where a query sees no key: all but `begin … end − 1`.
    private static void hide(float[] row, int at, int begin, int end, int keys) {
        Arrays.fill(row, at, at + Math.min(begin, keys), 0f);
        Arrays.fill(row, at + Math.min(end, keys), at + keys, 0f);
    }

    static void attentionGradient(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] dk,
            float[] dv,
            int[] at,
            int o,
            float scale) {
        Sizes s = Sizes.of(at, o + 10);
        int group = s.heads() / s.keyHeads();
        for (int pair = first; pair < first + count; pair++) {
            int b = pair / s.keyHeads();
            int keys = Math.min(s.keyWidth(), lengths[at[o + 3] + b]);
            int rows = keys > 0 ? s.rows(keys) : 0;
            for (int g = 0; g < group; g++) {
                int h = pair % s.keyHeads() * group + g;
                if (rows > 0) {
                    headGradient(
                            s, b, h, keys, rows, g > 0, q, k, v, out, lse, dout, dq, dk, dv, at, o,
                            scale);
                }
                int base = s.base(b, h);
                for (int i = rows; i < s.width(); i++) {
                    int row = at[o + 7] + base + i * s.hidden();
                    Arrays.fill(dq, row, row + s.headSize(), 0f);
                }
            }
            int keyBase = s.keyBase(b, pair % s.keyHeads() * group);
            for (int j = keys; j < s.keyWidth(); j++) {
                int row = keyBase + j * s.keyHidden();
                Arrays.fill(dk, at[o + 8] + row, at[o + 8] + row + s.headSize(), 0f);
                Arrays.fill(dv, at[o + 9] + row, at[o + 9] + row + s.headSize(), 0f);
            }
        }
    }

    /// One head of the queries.
    ///
    /// @param added whether the gradients of keys and values are added to those of other heads
    private static void headGradient(
            Sizes s,
            int b,
            int h,
            int keys,
            int rows,
            boolean added,
            float[] q,
            float[] k,
            float[] v,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] dk,
            float[] dv,
            int[] at,
            int o,
            float scale) {
        int headSize = s.headSize();
        int hidden = s.hidden();
        int keyHidden = s.keyHidden();
        int base = s.base(b, h);
        int keyBase = s.keyBase(b, h);
        int lseAt = at[o + 5] + (b * s.heads() + h) * s.width();
        float beta = added ? 1f : 0f;
        OpenBlas blas = OpenBlas.get();
        Scratch scratch = SCRATCH.get();
        scratch.ensure(rows * keys);
        float[] p = scratch.scores;
        float[] dp = scratch.gradients;
        blas.sgemm(
                false,
                true,
                rows,
                keys,
                headSize,
                scale,
                q,
                at[o] + base,
                hidden,
                k,
                at[o + 1] + keyBase,
                keyHidden,
                0f,
                p,
                0,
                keys);
        blas.sgemm(
                false,
                true,
                rows,
                keys,
                headSize,
                1f,
                dout,
                at[o + 6] + base,
                hidden,
                v,
                at[o + 2] + keyBase,
                keyHidden,
                0f,
                dp,
                0,
                keys);
        for (int i = 0; i < rows; i++) {
            int row = base + i * hidden;
            int begin = s.mask().begin(i, s.width(), keys);
            int end = Math.max(begin, s.mask().end(i, s.width(), keys));
            hide(p, i * keys, begin, end, keys);
            hide(dp, i * keys, begin, end, keys);
            float delta = dot(dout, at[o + 6] + row, out, at[o + 4] + row, headSize);
            probabilitiesAndGradient(p, dp, i * keys + begin, end - begin, lse[lseAt + i], delta);
        }
        blas.sgemm(
                true,
                false,
                keys,
                headSize,
                rows,
                1f,
                p,
                0,
                keys,
                dout,
                at[o + 6] + base,
                hidden,
                beta,
                dv,
                at[o + 9] + keyBase,
                keyHidden);
        blas.sgemm(
                false,
                false,
                rows,
                headSize,
                keys,
                scale,
                dp,
                0,
                keys,
                k,
                at[o + 1] + keyBase,
                keyHidden,
                0f,
                dq,
                at[o + 7] + base,
                hidden);
        blas.sgemm(
                true,
                false,
                keys,
                headSize,
                rows,
                scale,
                dp,
                0,
                keys,
                q,
                at[o] + base,
                hidden,
                beta,
                dk,
                at[o + 8] + keyBase,
                keyHidden);
    }

    /// Turns one row of scores into probabilities; returns its log-sum-exp.
    static float softmax(float[] row, int at, int length) {
        FloatVector maxima = FloatVector.broadcast(FLOATS, -3e38f);
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            maxima =
                    maxima.lanewise(
                            VectorOperators.MAX,
                            FloatVector.fromArray(FLOATS, row, at + i, mask),
                            mask);
        }
        float max = maxima.reduceLanes(VectorOperators.MAX);
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector e =
                    VectorVariants.exp(FloatVector.fromArray(FLOATS, row, at + i, mask).sub(max));
            e.intoArray(row, at + i, mask);
            sums = sums.lanewise(VectorOperators.ADD, e, mask);
        }
        float sum = VectorVariants.sum(sums);
        float inverse = 1f / sum;
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector.fromArray(FLOATS, row, at + i, mask)
                    .mul(inverse)
                    .intoArray(row, at + i, mask);
        }
        return max + (float) Math.log(sum);
    }

    /// One row: scores to probabilities, gradients of probabilities to gradients of scores.
    static void probabilitiesAndGradient(
            float[] p, float[] dp, int at, int length, float lse, float delta) {
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector probability =
                    VectorVariants.exp(FloatVector.fromArray(FLOATS, p, at + i, mask).sub(lse));
            probability.intoArray(p, at + i, mask);
            FloatVector.fromArray(FLOATS, dp, at + i, mask)
                    .sub(delta)
                    .mul(probability)
                    .intoArray(dp, at + i, mask);
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
