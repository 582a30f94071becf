package cglora.kernels.check;

import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.add;
import static cglora.kernels.check.Float64.matmul;
import static cglora.kernels.check.Float64.matmulNT;
import static cglora.kernels.check.Float64.matmulTN;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.scale;

import cglora.kernels.Kernel;
import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.whitening.WhiteningKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Samples of matrix products.
final class ProductSamples {
    /// A product in float64, once of the operands and once of their absolute values.
    private interface Product {
        double[] of(double[] a, double[] b);
    }

    private static final int[][] SIZES = {
        {1, 1, 1},
        {3, 7, 8},
        {8, 13, 3},
        {7, 1, 64},
        {13, 100, 7},
        {64, 8, 100},
        {3, 384, 13},
        {100, 13, 384},
        {1, 64, 1023},
        {1023, 3, 8},
        {129, 257, 65}
    };

    private ProductSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                for (int accumulate = 0; accumulate <= 1; accumulate++) {
                    float alpha = accumulate == 0 ? 1f : -0.3f;
                    samples.addAll(matmuls(values, size[0], size[1], size[2], alpha, accumulate));
                }
                samples.add(biased(values, size[0], size[1], size[2]));
                int r = Math.min(size[2], 64);
                samples.addAll(lowRank(values, size[0], size[1], r));
                for (boolean merging : new boolean[] {true, false}) {
                    samples.add(backward(values, size[0], size[1], r + 3, r, merging));
                }
                samples.add(gradients(values, size[0], size[1], r + 3, r));
                samples.add(gram(values, size[0], Math.min(size[1], 100)));
            }
            for (int n : new int[] {1, 3, 7, 8, 13, 64, 100}) {
                samples.add(newtonSchulz(values, n));
            }
        }
        return samples;
    }

    private static List<KernelSample> matmuls(
            Values values, int m, int n, int k, float alpha, int accumulate) {
        return List.of(
                matmulSample(
                        new SampleBuilder(
                                MatmulKernels.MATMUL_NN, name(m, n, k, accumulate), values),
                        (a, b) -> matmul(m, n, k, a, b),
                        new int[] {m, n, k},
                        alpha,
                        accumulate,
                        n,
                        k,
                        alpha,
                        accumulate),
                matmulSample(
                        new SampleBuilder(
                                MatmulKernels.MATMUL_NT, name(m, n, k, accumulate), values),
                        (a, b) -> matmulNT(m, n, k, a, b),
                        new int[] {m, n, k},
                        alpha,
                        accumulate,
                        n,
                        k,
                        alpha,
                        accumulate),
                matmulSample(
                        new SampleBuilder(
                                MatmulKernels.MATMUL_TN, name(m, n, k, accumulate), values),
                        (a, b) -> matmulTN(m, n, k, a, b),
                        new int[] {m, n, k},
                        alpha,
                        accumulate,
                        m,
                        n,
                        k,
                        alpha,
                        accumulate));
    }

    private static String name(int m, int n, int k, int accumulate) {
        return "%d×%d×%d%s".formatted(m, n, k, accumulate == 1 ? " added" : "");
    }

    private static KernelSample matmulSample(
            SampleBuilder sample,
            Product product,
            int[] size,
            float alpha,
            int accumulate,
            Object... scalars) {
        int m = size[0];
        int n = size[1];
        int k = size[2];
        float[] a = sample.floats(m * k);
        float[] b = sample.floats(k * n);
        float[] c = new float[m * n];
        if (accumulate == 1) {
            c = sample.floats(m * n);
        } else {
            Arrays.fill(c, Float.NaN); // what is not added to is not read either
        }
        double[] start = accumulate == 1 ? of(c) : new double[m * n];
        return sample.reads(a, b)
                .updates(
                        c,
                        add(alpha, product.of(of(a), of(b)), start),
                        sums(k, add(Math.abs(alpha), product.of(abs(a), abs(b)), abs(start))))
                .scalars(scalars)
                .over(m);
    }

    private static List<KernelSample> lowRank(Values values, int rows, int width, int r) {
        return List.of(
                merge(values, rows, width, r),
                update(values, rows, width, r),
                written(
                        LowRankKernels.LOW_RANK_BACK_PROJECT,
                        values,
                        new int[] {rows, width, r},
                        (dy, loraB) -> matmul(rows, r, width, dy, loraB),
                        rows * width,
                        width * r,
                        width,
                        1.7f,
                        rows,
                        width,
                        r,
                        1.7f),
                written(
                        LowRankKernels.LOW_RANK_GRADIENT_B,
                        values,
                        new int[] {rows, width, r},
                        (dy, u) -> matmulTN(width, r, rows, dy, u),
                        rows * width,
                        rows * r,
                        rows,
                        0.25f,
                        width,
                        rows,
                        width,
                        r,
                        0.25f));
    }

    /// `scaling · a · b` into an operand that is written only.
    private static KernelSample written(
            Kernel kernel,
            Values values,
            int[] size,
            Product product,
            int aLength,
            int bLength,
            int terms,
            float scaling,
            int count,
            Object... scalars) {
        var sample =
                new SampleBuilder(
                        kernel, "%d×%d rank %d".formatted(size[0], size[1], size[2]), values);
        float[] a = sample.floats(aLength);
        float[] b = sample.floats(bLength);
        return sample.reads(a, b)
                .writes(
                        scale(scaling, product.of(of(a), of(b))),
                        sums(terms, scale(scaling, product.of(abs(a), abs(b)))))
                .scalars(scalars)
                .over(count);
    }

    private static KernelSample merge(Values values, int out, int in, int r) {
        var sample =
                new SampleBuilder(
                        LowRankKernels.LOW_RANK_MERGE,
                        "%d×%d rank %d".formatted(out, in, r),
                        values);
        float[] w = sample.floats(out * in);
        float[] loraB = sample.floats(out * r);
        float[] loraA = sample.floats(r * in);
        return sample.reads(w, loraB, loraA)
                .writes(
                        add(2, matmul(out, in, r, of(loraB), of(loraA)), of(w)),
                        sums(r, add(2, matmul(out, in, r, abs(loraB), abs(loraA)), abs(w))))
                .scalars(in, r, 2f)
                .over(out);
    }

    private static KernelSample update(Values values, int rows, int out, int r) {
        var sample =
                new SampleBuilder(
                        LowRankKernels.LOW_RANK_UPDATE,
                        "%d×%d rank %d".formatted(rows, out, r),
                        values);
        float[] u = sample.floats(rows * r);
        float[] loraB = sample.floats(out * r);
        float[] y = sample.floats(rows * out);
        return sample.reads(u, loraB)
                .updates(
                        y,
                        add(2, matmulNT(rows, out, r, of(u), of(loraB)), of(y)),
                        sums(r, add(2, matmulNT(rows, out, r, abs(u), abs(loraB)), abs(y))))
                .scalars(out, r, 2f)
                .over(rows);
    }

    private static KernelSample biased(Values values, int m, int n, int k) {
        var sample = new SampleBuilder(MatmulKernels.MATMUL_NT_BIAS, name(m, n, k, 0), values);
        float[] a = sample.floats(m * k);
        float[] b = sample.floats(n * k);
        float[] bias = sample.floats(n);
        double[] rows = Float64.matrix(m, n, (_, j) -> bias[j]);
        return sample.reads(a, b, bias)
                .writes(
                        add(1, matmulNT(m, n, k, of(a), of(b)), rows),
                        sums(k, add(1, matmulNT(m, n, k, abs(a), abs(b)), abs(rows))))
                .scalars(n, k)
                .over(m);
    }

    /// @param merging whether the range goes on over the rows of `w`; if not, `merged` keeps what
    ///     it held
    private static KernelSample backward(
            Values values, int rows, int in, int out, int r, boolean merging) {
        var sample =
                new SampleBuilder(
                        LowRankKernels.LORA_BACKWARD,
                        "%d×%d to %d rank %d%s"
                                .formatted(rows, in, out, r, merging ? "" : " alone"),
                        values);
        float[] x = sample.floats(rows * in);
        float[] loraA = sample.floats(r * in);
        float[] dy = sample.floats(rows * out);
        float[] loraB = sample.floats(out * r);
        float[] w = sample.floats(out * in);
        sample.reads(x, loraA, dy, loraB, w)
                .writes(
                        matmulNT(rows, r, in, of(x), of(loraA)),
                        sums(in, matmulNT(rows, r, in, abs(x), abs(loraA))))
                .writes(
                        scale(2, matmul(rows, r, out, of(dy), of(loraB))),
                        sums(out, scale(2, matmul(rows, r, out, abs(dy), abs(loraB)))));
        if (merging) {
            sample.writes(
                    add(2, matmul(out, in, r, of(loraB), of(loraA)), of(w)),
                    sums(r, add(2, matmul(out, in, r, abs(loraB), abs(loraA)), abs(w))));
        } else {
            sample.writes(new double[] {Double.NaN}, new double[1]);
        }
        return sample.packs(rows, in, out).scalars(r, 2f).over(merging ? rows + out : rows);
    }

    private static KernelSample gradients(Values values, int rows, int in, int out, int r) {
        var sample =
                new SampleBuilder(
                        LowRankKernels.LORA_GRADIENTS,
                        "%d×%d to %d rank %d".formatted(rows, in, out, r),
                        values);
        float[] v = sample.floats(rows * r);
        float[] x = sample.floats(rows * in);
        float[] u = sample.floats(rows * r);
        float[] dy = sample.floats(rows * out);
        return sample.reads(v, x, u, dy)
                .writes(
                        matmulTN(r, in, rows, of(v), of(x)),
                        sums(rows, matmulTN(r, in, rows, abs(v), abs(x))))
                .writes(
                        scale(0.25, matmulTN(out, r, rows, of(dy), of(u))),
                        sums(rows, scale(0.25, matmulTN(out, r, rows, abs(dy), abs(u)))))
                .packs(rows, in, out)
                .scalars(r, 0.25f)
                .over(in + out);
    }

    private static KernelSample gram(Values values, int rows, int n) {
        var sample =
                new SampleBuilder(
                        WhiteningKernels.GRAM_INTO, "%d rows of %d".formatted(rows, n), values);
        float[] x = sample.floats(rows * n);
        float[] gram = sample.floats(n * n);
        return sample.reads((Object) x)
                .updates(
                        gram,
                        add(0.5, matmulTN(n, n, rows, of(x), of(x)), of(gram)),
                        sums(rows, add(0.5, matmulTN(n, n, rows, abs(x), abs(x)), abs(gram))))
                .scalars(rows, n, 0.5f)
                .over(n);
    }

    private static KernelSample newtonSchulz(Values values, int n) {
        var sample =
                new SampleBuilder(
                        WhiteningKernels.NEWTON_SCHULZ_FACTOR, "%d×%d".formatted(n, n), values);
        float[] product = sample.floats(n * n);
        float[] c = sample.floats(2);
        double[] factor =
                Float64.matrix(
                        n, n, (i, j) -> (i == j ? c[0] : 0) + (double) c[1] * product[i * n + j]);
        double[] terms =
                Float64.matrix(
                        n,
                        n,
                        (i, j) ->
                                (i == j ? Math.abs(c[0]) : 0)
                                        + Math.abs((double) c[1] * product[i * n + j]));
        return sample.reads(product, c).writes(factor, roundings(2, terms)).scalars(n).over(n);
    }
}
