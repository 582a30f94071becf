package cglora.kernels.check;

import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.sum;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.normalization.RmsNormKernels;
import java.util.ArrayList;
import java.util.List;

/// Samples of root-mean-square normalisation.
final class RmsNormSamples {
    private static final int[][] SIZES = {
        {1, 1}, {3, 7}, {7, 8}, {8, 13}, {13, 64}, {5, 100}, {3, 384}, {2, 1023}, {1023, 3}
    };

    /// Roundings of `1/√x` and of the products behind it.
    private static final int EXTRA = 8;

    private RmsNormSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                samples.add(forward(values, size[0], size[1]));
                samples.add(inputGradient(values, size[0], size[1]));
                samples.add(gainGradient(values, size[0], size[1]));
            }
        }
        return samples;
    }

    private static String name(int rows, int width) {
        return rows + "×" + width;
    }

    /// All terms of the mean square are positive, so that it is off by its own roundings only, and
    /// the root by half of that.
    private static KernelSample forward(Values values, int rows, int hidden) {
        float eps = 1e-5f;
        var sample = new SampleBuilder(RmsNormKernels.RMS_NORM, name(rows, hidden), values);
        float[] x = sample.floats(rows * hidden);
        float[] gain = sample.floats(hidden);
        var reference = Norm64.rmsNorm(rows, hidden, eps, of(x), of(gain));
        int relative = (hidden + 4) / 2 + EXTRA;
        return sample.reads(x, gain)
                .writes(reference.y(), roundings(relative, reference.y()))
                .writes(reference.rstd(), roundings(relative, reference.rstd()))
                .scalars(hidden, eps)
                .over(rows);
    }

    private static KernelSample inputGradient(Values values, int rows, int hidden) {
        var sample =
                new SampleBuilder(RmsNormKernels.RMS_NORM_GRADIENT, name(rows, hidden), values);
        float[] dy = sample.floats(rows * hidden);
        float[] x = sample.floats(rows * hidden);
        float[] gain = sample.floats(hidden);
        float[] rstd = sample.floats(rows);
        double[] dx = Norm64.rmsNormGradient(rows, hidden, of(dy), of(x), of(gain), of(rstd));
        double[] magnitudes =
                matrix(
                        rows,
                        hidden,
                        (r, i) -> {
                            int at = r * hidden;
                            double scale = Math.abs(rstd[r]);
                            double along =
                                    sum(
                                                    hidden,
                                                    j ->
                                                            Math.abs(
                                                                    (double) dy[at + j]
                                                                            * gain[j]
                                                                            * x[at + j]))
                                            * scale
                                            / hidden;
                            return scale
                                    * (Math.abs((double) dy[at + i] * gain[i])
                                            + Math.abs(x[at + i]) * scale * along);
                        });
        return sample.reads(dy, x, gain, rstd)
                .writes(dx, sums(hidden + EXTRA, magnitudes))
                .scalars(hidden)
                .over(rows);
    }

    private static KernelSample gainGradient(Values values, int rows, int hidden) {
        var sample =
                new SampleBuilder(
                        RmsNormKernels.RMS_NORM_GAIN_GRADIENT, name(rows, hidden), values);
        float[] dy = sample.floats(rows * hidden);
        float[] x = sample.floats(rows * hidden);
        float[] rstd = sample.floats(rows);
        double[] products =
                vector(dy.length, i -> (double) dy[i] * ((double) x[i] * rstd[i / hidden]));
        return sample.reads(dy, x, rstd)
                .writes(
                        Float64.columnSum(rows, hidden, products),
                        sums(rows, Float64.columnSum(rows, hidden, abs(products))))
                .scalars(rows, hidden)
                .over(hidden);
    }
}
