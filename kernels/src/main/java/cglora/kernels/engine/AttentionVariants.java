package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Attention head by head: the products by OpenBLAS on slices of columns, softmax by the Vector
/// API, and only the real tokens of each sequence. A thread keeps two score matrices of the
/// longest sequence it has seen.
final class AttentionVariants {
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private static final class Scratch {
        private float[] scores = new float[0];
        private float[] gradients = new float[0];

        private void ensure(int length) {
            if (scores.length < length * length) {
                scores = new float[length * length];
                gradients = new float[length * length];
            }
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
        int heads = at[o + 6];
        int width = at[o + 7];
        int headSize = at[o + 8];
        int hidden = heads * headSize;
        if (first % width != 0 || count % width != 0) {
            throw new IllegalArgumentException(
                    "range " + first + " + " + count + " cuts a head of " + width + " rows");
        }
        OpenBlas blas = OpenBlas.get();
        Scratch scratch = SCRATCH.get();
        for (int pair = first / width; pair < (first + count) / width; pair++) {
            int b = pair / heads;
            int base = b * width * hidden + pair % heads * headSize;
            int length = lengths[at[o + 3] + b];
            int lseAt = at[o + 5] + pair * width;
            scratch.ensure(length);
            float[] p = scratch.scores;
            if (length > 0) {
                blas.sgemm(
                        false,
                        true,
                        length,
                        length,
                        headSize,
                        scale,
                        q,
                        at[o] + base,
                        hidden,
                        k,
                        at[o + 1] + base,
                        hidden,
                        0f,
                        p,
                        0,
                        length);
                for (int i = 0; i < length; i++) {
                    lse[lseAt + i] = softmax(p, i * length, length);
                }
                blas.sgemm(
                        false,
                        false,
                        length,
                        headSize,
                        length,
                        1f,
                        p,
                        0,
                        length,
                        v,
                        at[o + 2] + base,
                        hidden,
                        0f,
                        out,
                        at[o + 4] + base,
                        hidden);
            }
            for (int i = length; i < width; i++) {
                int row = at[o + 4] + base + i * hidden;
                Arrays.fill(out, row, row + headSize, 0f);
                lse[lseAt + i] = 0f;
            }
        }
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
        int heads = at[o + 10];
        int width = at[o + 11];
        int headSize = at[o + 12];
        int hidden = heads * headSize;
        OpenBlas blas = OpenBlas.get();
        Scratch scratch = SCRATCH.get();
        for (int pair = first; pair < first + count; pair++) {
            int b = pair / heads;
            int base = b * width * hidden + pair % heads * headSize;
            int length = lengths[at[o + 3] + b];
            scratch.ensure(length);
            float[] p = scratch.scores;
            float[] dp = scratch.gradients;
            if (length > 0) {
                blas.sgemm(
                        false,
                        true,
                        length,
                        length,
                        headSize,
                        scale,
                        q,
                        at[o] + base,
                        hidden,
                        k,
                        at[o + 1] + base,
                        hidden,
                        0f,
                        p,
                        0,
                        length);
                blas.sgemm(
                        false,
                        true,
                        length,
                        length,
                        headSize,
                        1f,
                        dout,
                        at[o + 6] + base,
                        hidden,
                        v,
                        at[o + 2] + base,
                        hidden,
                        0f,
                        dp,
                        0,
                        length);
                for (int i = 0; i < length; i++) {
                    int row = base + i * hidden;
                    float delta = dot(dout, at[o + 6] + row, out, at[o + 4] + row, headSize);
                    probabilitiesAndGradient(
                            p, dp, i * length, length, lse[at[o + 5] + pair * width + i], delta);
                }
                blas.sgemm(
                        true,
                        false,
                        length,
                        headSize,
                        length,
                        1f,
                        p,
                        0,
                        length,
                        dout,
                        at[o + 6] + base,
                        hidden,
                        0f,
                        dv,
                        at[o + 9] + base,
                        hidden);
                blas.sgemm(
                        false,
                        false,
                        length,
                        headSize,
                        length,
                        scale,
                        dp,
                        0,
                        length,
                        k,
                        at[o + 1] + base,
                        hidden,
                        0f,
                        dq,
                        at[o + 7] + base,
                        hidden);
                blas.sgemm(
                        true,
                        false,
                        length,
                        headSize,
                        length,
                        scale,
                        dp,
                        0,
                        length,
                        q,
                        at[o] + base,
                        hidden,
                        0f,
                        dk,
                        at[o + 8] + base,
                        hidden);
            }
            for (int i = length; i < width; i++) {
                int row = base + i * hidden;
                Arrays.fill(dq, at[o + 7] + row, at[o + 7] + row + headSize, 0f);
                Arrays.fill(dk, at[o + 8] + row, at[o + 8] + row + headSize, 0f);
                Arrays.fill(dv, at[o + 9] + row, at[o + 9] + row + headSize, 0f);
            }
        }
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
