package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import cglora.kernels.engine.ThinVariants.Sink;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The products of [ThinVariants] with a matrix that is kept as bfloat16, two rows of words at a
/// time, which are four rows of numbers. An element is summed in the order of [ThinVariants]: the
/// result has the bits that the widened matrix would give.
final class Bfloat16ThinVariants {
    private static final VectorSpecies<Integer> INTS =
            VectorSpecies.of(int.class, FLOATS.vectorShape());

    private Bfloat16ThinVariants() {}

    static void bfloat16ThinNT(
            int first,
            int count,
            float[] a,
            int[] b,
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

    static void bfloat16ThinNTBias(
            int first,
            int count,
            float[] a,
            int[] b,
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
            int first, int end, float[] a, int aAt, int rows, int[] b, int bAt, int k, Sink sink) {
        int j = first;
        for (; j + 2 <= end; j += 2) {
            for (int r = 0; r < rows; r++) {
                two(a, aAt + r * k, b, bAt + j * k, k, sink, r, j);
            }
        }
        if (j < end) {
            for (int r = 0; r < rows; r++) {
                one(a, aAt + r * k, b, bAt + j * k, k, sink, r, j);
            }
        }
    }

    private static FloatVector lower(IntVector words) {
        return words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static FloatVector upper(IntVector words) {
        return words.lanewise(VectorOperators.AND, 0xFFFF0000).reinterpretAsFloats();
    }

    /// Two rows of words.
    private static void two(float[] a, int aAt, int[] b, int bAt, int k, Sink sink, int r, int j) {
        FloatVector lower0 = FloatVector.zero(FLOATS);
        FloatVector lower1 = lower0;
        FloatVector upper0 = lower0;
        FloatVector upper1 = lower0;
        int whole = FLOATS.loopBound(k);
        for (int p = 0; p < whole; p += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + p);
            IntVector words = IntVector.fromArray(INTS, b, bAt + p);
            lower0 = lower(words).fma(x, lower0);
            upper0 = upper(words).fma(x, upper0);
            words = IntVector.fromArray(INTS, b, bAt + k + p);
            lower1 = lower(words).fma(x, lower1);
            upper1 = upper(words).fma(x, upper1);
        }
        if (whole < k) {
            var inRange = INTS.indexInRange(whole, k);
            FloatVector x =
                    FloatVector.fromArray(FLOATS, a, aAt + whole, FLOATS.indexInRange(whole, k));
            IntVector words = IntVector.fromArray(INTS, b, bAt + whole, inRange);
            lower0 = lower(words).fma(x, lower0);
            upper0 = upper(words).fma(x, upper0);
            words = IntVector.fromArray(INTS, b, bAt + k + whole, inRange);
            lower1 = lower(words).fma(x, lower1);
            upper1 = upper(words).fma(x, upper1);
        }
        int half = sink.n() / 2;
        sink.put(r, j, lower0);
        sink.put(r, j + 1, lower1);
        sink.put(r, j + half, upper0);
        sink.put(r, j + half + 1, upper1);
    }

    /// One row of words.
    private static void one(float[] a, int aAt, int[] b, int bAt, int k, Sink sink, int r, int j) {
        FloatVector lower = FloatVector.zero(FLOATS);
        FloatVector upper = lower;
        int whole = FLOATS.loopBound(k);
        for (int p = 0; p < whole; p += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, a, aAt + p);
            IntVector words = IntVector.fromArray(INTS, b, bAt + p);
            lower = lower(words).fma(x, lower);
            upper = upper(words).fma(x, upper);
        }
        if (whole < k) {
            FloatVector x =
                    FloatVector.fromArray(FLOATS, a, aAt + whole, FLOATS.indexInRange(whole, k));
            IntVector words =
                    IntVector.fromArray(INTS, b, bAt + whole, INTS.indexInRange(whole, k));
            lower = lower(words).fma(x, lower);
            upper = upper(words).fma(x, upper);
        }
        sink.put(r, j, lower);
        sink.put(r, j + sink.n() / 2, upper);
    }
}
