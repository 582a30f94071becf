package cglora.kernels.check;

import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.add;
import static cglora.kernels.check.Float64.matmulNT;
import static cglora.kernels.check.Float64.of;

import cglora.kernels.Kernel;
import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.math.Bfloat16;
import cglora.kernels.matmul.ThinKernels;
import cglora.kernels.storage.Bfloat16ThinKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Samples of products of few rows, with a matrix of float32 and with one that is kept as bfloat16.
/// What bfloat16 rounds is not counted: the reference takes the rounded matrix.
final class ThinSamples {
    private static final int[][] SIZES = {
        {1, 1, 1},
        {1, 2, 3},
        {1, 7, 8},
        {1, 100, 384},
        {1, 1023, 13},
        {2, 13, 64},
        {3, 8, 100},
        {4, 64, 7},
        {5, 22, 1023},
        {7, 3, 1},
        {16, 129, 65}
    };

    /// Numbers as they are kept, and the matrix that they stand for.
    private record Kept(Object operand, float[] values, int rowsOfWords) {}

    private ThinSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                for (int accumulate = 0; accumulate <= 1; accumulate++) {
                    samples.add(plain(ThinKernels.THIN_NT, values, size, accumulate));
                    if (size[1] % 2 == 0) {
                        Kernel narrow = Bfloat16ThinKernels.BFLOAT16_THIN_NT;
                        samples.add(plain(narrow, values, size, accumulate));
                    }
                }
                samples.add(biased(ThinKernels.THIN_NT_BIAS, values, size));
                if (size[1] % 2 == 0) {
                    samples.add(biased(Bfloat16ThinKernels.BFLOAT16_THIN_NT_BIAS, values, size));
                }
            }
        }
        return samples;
    }

    private static SampleBuilder builder(Kernel kernel, Values values, int[] size, String more) {
        String name = "%d×%d×%d%s".formatted(size[0], size[1], size[2], more);
        return new SampleBuilder(kernel, name, values);
    }

    /// The matrix, as the kernel reads it.
    private static Kept matrix(Kernel kernel, SampleBuilder sample, int n, int k) {
        float[] values = sample.floats(n * k);
        if (!kernel.operands().get(1).isInt()) {
            return new Kept(values, values, n);
        }
        int[] words = new int[Bfloat16.words(values.length)];
        Bfloat16.pack(values, words, 0);
        Bfloat16.unpack(words, 0, values);
        return new Kept(words, values, n / 2);
    }

    private static KernelSample plain(Kernel kernel, Values values, int[] size, int accumulate) {
        int rows = size[0];
        int n = size[1];
        int k = size[2];
        float alpha = accumulate == 0 ? 1f : -0.3f;
        var sample = builder(kernel, values, size, accumulate == 1 ? " added" : "");
        float[] a = sample.floats(rows * k);
        Kept b = matrix(kernel, sample, n, k);
        float[] c = new float[rows * n];
        if (accumulate == 1) {
            c = sample.floats(rows * n);
        } else {
            Arrays.fill(c, Float.NaN); // what is not added to is not read either
        }
        double[] start = accumulate == 1 ? of(c) : new double[rows * n];
        double[] terms = matmulNT(rows, n, k, abs(a), abs(b.values()));
        return sample.reads(a, b.operand())
                .updates(
                        c,
                        add(alpha, matmulNT(rows, n, k, of(a), of(b.values())), start),
                        sums(k, add(Math.abs(alpha), terms, abs(start))))
                .scalars(rows, n, k, alpha, accumulate)
                .over(b.rowsOfWords());
    }

    private static KernelSample biased(Kernel kernel, Values values, int[] size) {
        int rows = size[0];
        int n = size[1];
        int k = size[2];
        var sample = builder(kernel, values, size, "");
        float[] a = sample.floats(rows * k);
        Kept b = matrix(kernel, sample, n, k);
        float[] bias = sample.floats(n);
        double[] biases = Float64.matrix(rows, n, (_, j) -> bias[j]);
        double[] terms = matmulNT(rows, n, k, abs(a), abs(b.values()));
        return sample.reads(a, b.operand(), bias)
                .writes(
                        add(1, matmulNT(rows, n, k, of(a), of(b.values())), biases),
                        sums(k, add(1, terms, abs(biases))))
                .scalars(rows, n, k)
                .over(b.rowsOfWords());
    }
}
