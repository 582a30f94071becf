package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import jdk.incubator.vector.FloatVector;

/// Products of few rows with a large matrix through the Vector API, as fast as memory gives the
/// matrix: four of its rows at a time, with two rows of the other matrix or one. Each element is
/// summed in the same order, whatever is beside it, so that the threads' parts do not show.
final class ThinVariants {
    /// Where the results go: `c[r, j] = alpha · dot + d`, with `d` an element of `c` or a bias.
    ///
    /// @param d     what is added; null for nothing
    /// @param dAt   of column 0
    /// @param dStep from one row to the next
    record Sink(float[] c, int at, int n, float alpha, float[] d, int dAt, int dStep) {
        /// Over `c` itself, or nothing.
        static Sink of(float[] c, int at, int n, float alpha, int accumulate) {
            return new Sink(c, at, n, alpha, accumulate == 1 ? c : null, at, n);
        }

        void put(int r, int j, FloatVector sums) {
            float dot = VectorVariants.sum(sums);
            c[at + r * n + j] = alpha * dot + (d == null ? 0f : d[dAt + r * dStep + j]);
        }
    }

    private ThinVariants() {}

    static void thinNT(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int rows,
            int n,
            int k,
            float alpha,
            int accumulate) {
        Sink sink = Sink.of(c, at[o + 2], n, alpha, accumulate);
        product(first, first + count, a, at[o], rows, b, at[o + 1], k, sink);
    }

    static void thinNTBias(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] bias,
            float[] c,
            int[] at,
            int o,
            int rows,
            int n,
            int k) {
        var sink = new Sink(c, at[o + 3], n, 1f, bias, at[o + 2], 0);
        product(first, first + count, a, at[o], rows, b, at[o + 1], k, sink);
    }

    private static void product(
            int first,
            int end,
            float[] a,
            int aAt,
            int rows,
            float[] b,
            int bAt,
            int k,
            Sink sink) {
        int j = first;
        for (; j + 4 <= end; j += 4) {
            int r = 0;
            for (; r + 2 <= rows; r += 2) {
                two(a, aAt + r * k, b, bAt + j * k, k, sink, r, j);
            }
            if (r < rows) {
                one(a, aAt + r * k, b, bAt + j * k, k, sink, r, j);
            }
        }
        for (; j < end; j++) {
            for (int r = 0; r < rows; r++) {
                single(a, aAt + r * k, b, bAt + j * k, k, sink, r, j);
            }
        }
    }

    /// Two rows with four.
    private static void two(
            float[] a, int aAt, float[] b, int bAt, int k, Sink sink, int r, int j) {
        FloatVector s00 = FloatVector.zero(FLOATS);
        FloatVector s01 = s00;
        FloatVector s02 = s00;
        FloatVector s03 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s12 = s00;
        FloatVector s13 = s00;
        int whole = FLOATS.loopBound(k);
        for (int p = 0; p < whole; p += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + p);
            FloatVector z = FloatVector.fromArray(FLOATS, a, aAt + k + p);
            FloatVector w = FloatVector.fromArray(FLOATS, b, bAt + p);
            s00 = w.fma(x, s00);
            s10 = w.fma(z, s10);
            w = FloatVector.fromArray(FLOATS, b, bAt + k + p);
            s01 = w.fma(x, s01);
            s11 = w.fma(z, s11);
            w = FloatVector.fromArray(FLOATS, b, bAt + 2 * k + p);
            s02 = w.fma(x, s02);
            s12 = w.fma(z, s12);
            w = FloatVector.fromArray(FLOATS, b, bAt + 3 * k + p);
            s03 = w.fma(x, s03);
            s13 = w.fma(z, s13);
        }
        if (whole < k) {
            var mask = FLOATS.indexInRange(whole, k);
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + whole, mask);
            FloatVector z = FloatVector.fromArray(FLOATS, a, aAt + k + whole, mask);
            FloatVector w = FloatVector.fromArray(FLOATS, b, bAt + whole, mask);
            s00 = w.fma(x, s00);
            s10 = w.fma(z, s10);
            w = FloatVector.fromArray(FLOATS, b, bAt + k + whole, mask);
            s01 = w.fma(x, s01);
            s11 = w.fma(z, s11);
            w = FloatVector.fromArray(FLOATS, b, bAt + 2 * k + whole, mask);
            s02 = w.fma(x, s02);
            s12 = w.fma(z, s12);
            w = FloatVector.fromArray(FLOATS, b, bAt + 3 * k + whole, mask);
            s03 = w.fma(x, s03);
            s13 = w.fma(z, s13);
        }
        sink.put(r, j, s00);
        sink.put(r, j + 1, s01);
        sink.put(r, j + 2, s02);
        sink.put(r, j + 3, s03);
        sink.put(r + 1, j, s10);
        sink.put(r + 1, j + 1, s11);
        sink.put(r + 1, j + 2, s12);
        sink.put(r + 1, j + 3, s13);
    }

    /// One row with four.
    private static void one(
            float[] a, int aAt, float[] b, int bAt, int k, Sink sink, int r, int j) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int whole = FLOATS.loopBound(k);
        for (int p = 0; p < whole; p += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + p);
            s0 = FloatVector.fromArray(FLOATS, b, bAt + p).fma(x, s0);
            s1 = FloatVector.fromArray(FLOATS, b, bAt + k + p).fma(x, s1);
            s2 = FloatVector.fromArray(FLOATS, b, bAt + 2 * k + p).fma(x, s2);
            s3 = FloatVector.fromArray(FLOATS, b, bAt + 3 * k + p).fma(x, s3);
        }
        if (whole < k) {
            var mask = FLOATS.indexInRange(whole, k);
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + whole, mask);
            s0 = FloatVector.fromArray(FLOATS, b, bAt + whole, mask).fma(x, s0);
            s1 = FloatVector.fromArray(FLOATS, b, bAt + k + whole, mask).fma(x, s1);
            s2 = FloatVector.fromArray(FLOATS, b, bAt + 2 * k + whole, mask).fma(x, s2);
            s3 = FloatVector.fromArray(FLOATS, b, bAt + 3 * k + whole, mask).fma(x, s3);
        }
        sink.put(r, j, s0);
        sink.put(r, j + 1, s1);
        sink.put(r, j + 2, s2);
        sink.put(r, j + 3, s3);
    }

    private static void single(
            float[] a, int aAt, float[] b, int bAt, int k, Sink sink, int r, int j) {
        FloatVector sums = FloatVector.zero(FLOATS);
        int whole = FLOATS.loopBound(k);
        for (int p = 0; p < whole; p += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + p);
            sums = FloatVector.fromArray(FLOATS, b, bAt + p).fma(x, sums);
        }
        if (whole < k) {
            var mask = FLOATS.indexInRange(whole, k);
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + whole, mask);
            sums = FloatVector.fromArray(FLOATS, b, bAt + whole, mask).fma(x, sums);
        }
        sink.put(r, j, sums);
    }
}
