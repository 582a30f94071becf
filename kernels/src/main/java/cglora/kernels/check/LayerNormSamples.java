package cglora.kernels.check;

import static cglora.kernels.check.Closeness.ROUNDING;
import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.sum;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.normalization.LayerNormKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Samples of layer normalisation and its gradients.
final class LayerNormSamples {
    private static final int[][] SIZES = {
        {1, 1}, {3, 7}, {7, 8}, {8, 13}, {13, 64}, {5, 100}, {3, 384}, {2, 1023}, {1023, 3}
    };

    private LayerNormSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                samples.addAll(norms(values, size[0], size[1]));
                samples.add(layerNormGradient(values, size[0], size[1]));
                samples.add(layerNormGainGradient(values, size[0], size[1]));
            }
        }
        return samples;
    }

    private static String name(int rows, int width) {
        return rows + "×" + width;
    }

    private static List<KernelSample> norms(Values values, int rows, int hidden) {
        float eps = 1e-5f;
        var plain = new SampleBuilder(LayerNormKernels.LAYER_NORM, name(rows, hidden), values);
        float[] x = plain.floats(rows * hidden);
        float[] gain = plain.floats(hidden);
        float[] shift = plain.floats(hidden);
        if (values == Values.WIDE) {
            Arrays.fill(x, 0, hidden, 12345.678f); // a row without variance
        }
        plain.reads(x, gain, shift);
        norm(plain, rows, hidden, eps, of(x), abs(x), gain, shift, 0);
        var residual =
                new SampleBuilder(LayerNormKernels.RESIDUAL_LAYER_NORM, name(rows, hidden), values);
        float[] bias = residual.floats(hidden);
        float[] skip = residual.floats(rows * hidden);
        double[] s =
                matrix(
                        rows,
                        hidden,
                        (r, i) ->
                                (double) x[r * hidden + i]
                                        + bias[i]
                                        + (double) skip[r * hidden + i]);
        double[] magnitudes =
                matrix(
                        rows,
                        hidden,
                        (r, i) ->
                                Math.abs((double) x[r * hidden + i])
                                        + Math.abs(bias[i])
                                        + Math.abs(skip[r * hidden + i]));
        residual.reads(x, bias, skip, gain, shift);
        norm(residual, rows, hidden, eps, s, magnitudes, gain, shift, 2);
        return List.of(
                plain.scalars(hidden, eps).over(rows), residual.scalars(hidden, eps).over(rows));
    }

    /// Adds the three outputs. What is off in `s` and in its mean is off in each difference; the
    /// variance is off by twice the product of both, and by the square where it is near 0.
    ///
    /// @param magnitudes `Σ|terms|` of `s`, which took `roundings` roundings
    private static void norm(
            SampleBuilder sample,
            int rows,
            int hidden,
            float eps,
            double[] s,
            double[] magnitudes,
            float[] gain,
            float[] shift,
            int roundings) {
        var reference = Norm64.layerNorm(rows, hidden, eps, s, of(gain), of(shift));
        double[] normalizedBounds = new double[rows * hidden];
        double[] yBounds = new double[rows * hidden];
        double[] rstdBounds = new double[rows];
        for (int r = 0; r < rows; r++) {
            int at = r * hidden;
            double mean = sum(hidden, i -> magnitudes[at + i]) / hidden;
            double largest = 0;
            double spread = 0;
            for (int i = 0; i < hidden; i++) {
                double d = Math.abs(s[at + i] - reference.mean()[r]);
                spread += d / hidden;
                largest = Math.max(largest, (roundings + 1) * magnitudes[at + i] + d);
            }
            double difference = ROUNDING * ((hidden + 4) * mean + largest);
            double rstd = reference.rstd()[r];
            double variance =
                    (hidden + 4) * ROUNDING
                            + (2 * difference * spread + difference * difference) * rstd * rstd;
            double relative = variance / 2 + 4 * ROUNDING;
            rstdBounds[r] = rstd * relative;
            for (int i = 0; i < hidden; i++) {
                double normalized = Math.abs(reference.normalized()[at + i]);
                double bound = rstd * difference * (1 + relative) + normalized * relative;
                normalizedBounds[at + i] = bound + Float.MIN_NORMAL;
                yBounds[at + i] =
                        bound * Math.abs(gain[i])
                                + 3
                                        * ROUNDING
                                        * (normalized * Math.abs(gain[i]) + Math.abs(shift[i]))
                                + Float.MIN_NORMAL;
            }
        }
        sample.writes(reference.normalized(), normalizedBounds)
                .writes(reference.y(), yBounds)
                .writes(reference.rstd(), rstdBounds);
    }

    private static KernelSample layerNormGradient(Values values, int rows, int hidden) {
        var sample =
                new SampleBuilder(LayerNormKernels.LAYER_NORM_GRADIENT, name(rows, hidden), values);
        float[] dy = sample.floats(rows * hidden);
        float[] normalized = sample.floats(rows * hidden);
        float[] gain = sample.floats(hidden);
        float[] rstd = sample.floats(rows);
        double[] dx =
                Norm64.layerNormGradient(rows, hidden, of(dy), of(normalized), of(gain), of(rstd));
        double[] magnitudes =
                matrix(
                        rows,
                        hidden,
                        (r, i) -> {
                            int at = r * hidden;
                            double mean =
                                    sum(hidden, j -> Math.abs((double) dy[at + j] * gain[j]))
                                            / hidden;
                            double along =
                                    sum(
                                                    hidden,
                                                    j ->
                                                            Math.abs(
                                                                    (double) dy[at + j]
                                                                            * gain[j]
                                                                            * normalized[at + j]))
                                            / hidden;
                            return Math.abs(rstd[r])
                                    * (Math.abs((double) dy[at + i] * gain[i])
                                            + mean
                                            + Math.abs(normalized[at + i]) * along);
                        });
        return sample.reads(dy, normalized, gain, rstd)
                .writes(dx, sums(hidden, magnitudes))
                .scalars(hidden)
                .over(rows);
    }

    private static KernelSample layerNormGainGradient(Values values, int rows, int hidden) {
        var sample =
                new SampleBuilder(
                        LayerNormKernels.LAYER_NORM_GAIN_GRADIENT, name(rows, hidden), values);
        float[] dy = sample.floats(rows * hidden);
        float[] normalized = sample.floats(rows * hidden);
        double[] products = vector(dy.length, i -> (double) dy[i] * normalized[i]);
        return sample.reads(dy, normalized)
                .writes(
                        Float64.columnSum(rows, hidden, products),
                        sums(rows, Float64.columnSum(rows, hidden, abs(products))))
                .scalars(rows, hidden)
                .over(hidden);
    }
}
