package cglora.kernels.check;

import static cglora.kernels.check.Closeness.ROUNDING;
import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Closeness.tolerance;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.sum;
import static cglora.kernels.check.Float64.toFloat;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.Kernel;
import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.pooling.PoolingKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/// Samples of kernels whose rows are tokens or sequences.
final class RowSamples {
    private static final int[][] SIZES = {
        {1, 1}, {3, 7}, {7, 8}, {8, 13}, {13, 64}, {5, 100}, {3, 384}, {2, 1023}, {1023, 3}
    };

    private RowSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                samples.addAll(activations(values, size[0], size[1]));
                samples.addAll(norms(values, size[0], size[1]));
                samples.add(layerNormGradient(values, size[0], size[1]));
                samples.add(layerNormGainGradient(values, size[0], size[1]));
            }
            for (int[] size : new int[][] {{1, 1, 1}, {3, 7, 8}, {4, 13, 3}, {2, 8, 100}}) {
                samples.addAll(pools(values, size[0], size[1], size[2]));
                samples.add(embeddingSum(values, size[0] * size[1], size[2]));
                samples.add(embeddingPair(values, size[0] * size[1], size[2]));
                samples.add(embeddingRows(values, size[0] * size[1], size[2]));
                samples.add(embeddingGradient(values, size[0] * size[1], 5, size[2]));
            }
            samples.add(embeddingGradient(values, 3, 64, 384));
        }
        return samples;
    }

    private static String name(int rows, int width) {
        return rows + "×" + width;
    }

    private static List<KernelSample> activations(Values values, int rows, int width) {
        var samples = new ArrayList<KernelSample>();
        samples.add(activation(ActivationKernels.BIAS_GELU, values, rows, width, Float64::gelu));
        samples.add(
                activation(
                        ActivationKernels.BIAS_GELU_TANH, values, rows, width, Float64::geluTanh));
        samples.add(
                activationGradient(
                        ActivationKernels.BIAS_GELU_GRADIENT,
                        values,
                        rows,
                        width,
                        Float64::geluDerivative));
        samples.add(
                activationGradient(
                        ActivationKernels.BIAS_GELU_TANH_GRADIENT,
                        values,
                        rows,
                        width,
                        Float64::geluTanhDerivative));
        samples.add(
                activation(ActivationKernels.BIAS_RELU, values, rows, width, x -> Math.max(x, 0)));
        samples.add(
                activationGradient(
                        ActivationKernels.BIAS_RELU_GRADIENT,
                        values,
                        rows,
                        width,
                        x -> x > 0 ? 1 : 0));
        var tanh = new SampleBuilder(ActivationKernels.TANH_FORWARD, name(rows, width), values);
        float[] x = tanh.floats(rows * width);
        double[] y = vector(x.length, i -> Math.tanh(x[i]));
        samples.add(
                tanh.reads((Object) x).writes(y, tolerance(5e-7, 0, y)).scalars(width).over(rows));
        var slope = new SampleBuilder(ActivationKernels.TANH_GRADIENT, name(rows, width), values);
        float[] dy = slope.floats(rows * width);
        float[] rounded = toFloat(y);
        double[] dx = vector(dy.length, i -> dy[i] * (1 - (double) rounded[i] * rounded[i]));
        samples.add(
                slope.reads(dy, rounded)
                        .writes(dx, roundings(4, of(dy)))
                        .scalars(width)
                        .over(rows));
        return samples;
    }

    private static KernelSample activation(
            Kernel kernel, Values values, int rows, int width, DoubleUnaryOperator function) {
        var sample = new SampleBuilder(kernel, name(rows, width), values);
        float[] x = sample.floats(rows * width);
        float[] bias = sample.floats(width);
        double[] s = matrix(rows, width, (r, i) -> (double) x[r * width + i] + bias[i]);
        double[] y = vector(s.length, i -> function.applyAsDouble(s[i]));
        return sample.reads(x, bias).writes(y, tolerance(1e-6, 0, s)).scalars(width).over(rows);
    }

    private static KernelSample activationGradient(
            Kernel kernel, Values values, int rows, int width, DoubleUnaryOperator derivative) {
        var sample = new SampleBuilder(kernel, name(rows, width), values);
        float[] dy = sample.floats(rows * width);
        float[] x = sample.floats(rows * width);
        float[] bias = sample.floats(width);
        double[] dx =
                matrix(
                        rows,
                        width,
                        (r, i) ->
                                dy[r * width + i]
                                        * derivative.applyAsDouble(
                                                (double) x[r * width + i] + bias[i]));
        return sample.reads(dy, x, bias)
                .writes(dx, tolerance(2e-6, 0, of(dy)))
                .scalars(width)
                .over(rows);
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
        var reference = Float64.layerNorm(rows, hidden, eps, s, of(gain), of(shift));
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
                Float64.layerNormGradient(rows, hidden, of(dy), of(normalized), of(gain), of(rstd));
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

    private static List<KernelSample> pools(Values values, int batch, int width, int hidden) {
        int rows = batch * width;
        String name = "%d×%d×%d".formatted(batch, width, hidden);
        var samples = new ArrayList<KernelSample>();

        var mean = new SampleBuilder(PoolingKernels.MEAN_POOL, name, values);
        float[] x = mean.floats(rows * hidden);
        int[] lengths = mean.lengths(batch, width);
        samples.add(
                mean.reads(x, lengths)
                        .writes(
                                Float64.meanPool(batch, width, hidden, of(x), lengths),
                                sums(
                                        width,
                                        Float64.meanPool(batch, width, hidden, abs(x), lengths)))
                        .scalars(width, hidden)
                        .over(batch));

        var meanGradient = new SampleBuilder(PoolingKernels.MEAN_POOL_GRADIENT, name, values);
        float[] dy = meanGradient.floats(batch * hidden);
        double[] dx =
                matrix(
                        rows,
                        hidden,
                        (r, i) ->
                                r % width < lengths[r / width]
                                        ? (double) dy[r / width * hidden + i] / lengths[r / width]
                                        : 0);
        samples.add(
                meanGradient
                        .reads(dy, lengths)
                        .writes(dx, roundings(3, dx))
                        .scalars(width, hidden)
                        .over(rows));

        double[] firsts = matrix(batch, hidden, (b, i) -> x[b * width * hidden + i]);
        samples.add(
                new SampleBuilder(PoolingKernels.CLS_POOL, name, values)
                        .reads((Object) x)
                        .writes(firsts, exact(firsts))
                        .scalars(width, hidden)
                        .over(batch));

        double[] toFirsts =
                matrix(rows, hidden, (r, i) -> r % width == 0 ? dy[r / width * hidden + i] : 0);
        samples.add(
                new SampleBuilder(PoolingKernels.CLS_POOL_GRADIENT, name, values)
                        .reads((Object) dy)
                        .writes(toFirsts, exact(toFirsts))
                        .scalars(width, hidden)
                        .over(rows));

        double[] masked =
                matrix(
                        rows,
                        hidden,
                        (r, i) -> r % width < lengths[r / width] ? x[r * hidden + i] : 0);
        float[] padded = x.clone();
        for (int i = 0; i < padded.length; i++) {
            int r = i / hidden;
            if (r % width >= lengths[r / width]) {
                padded[i] = Float.NaN; // padding may hold anything
            }
        }
        samples.add(
                new SampleBuilder(PoolingKernels.MASK_ROWS, name, values)
                        .reads(padded, lengths)
                        .writes(masked, exact(masked))
                        .scalars(width, hidden)
                        .over(rows));
        return samples;
    }

    private static KernelSample embeddingSum(Values values, int rows, int hidden) {
        var sample = new SampleBuilder(EmbeddingKernels.EMBEDDING_SUM, name(rows, hidden), values);
        int[] words = sample.ints(rows, 17);
        int[] positions = sample.ints(rows, 5);
        int[] types = sample.ints(rows, 2);
        float[] word = sample.floats(17 * hidden);
        float[] position = sample.floats(5 * hidden);
        float[] type = sample.floats(2 * hidden);
        double[] y =
                matrix(
                        rows,
                        hidden,
                        (r, i) ->
                                (double) word[words[r] * hidden + i]
                                        + position[positions[r] * hidden + i]
                                        + type[types[r] * hidden + i]);
        double[] magnitudes =
                matrix(
                        rows,
                        hidden,
                        (r, i) ->
                                Math.abs((double) word[words[r] * hidden + i])
                                        + Math.abs(position[positions[r] * hidden + i])
                                        + Math.abs(type[types[r] * hidden + i]));
        return sample.reads(words, positions, types, word, position, type)
                .writes(y, roundings(2, magnitudes))
                .scalars(hidden)
                .over(rows);
    }

    private static KernelSample embeddingRows(Values values, int rows, int hidden) {
        var sample = new SampleBuilder(EmbeddingKernels.EMBEDDING_ROWS, name(rows, hidden), values);
        int[] words = sample.ints(rows, 17);
        float[] word = sample.floats(17 * hidden);
        double[] y = matrix(rows, hidden, (r, i) -> word[words[r] * hidden + i]);
        return sample.reads(words, word).writes(y, exact(y)).scalars(hidden).over(rows);
    }

    private static KernelSample embeddingPair(Values values, int rows, int hidden) {
        var sample = new SampleBuilder(EmbeddingKernels.EMBEDDING_PAIR, name(rows, hidden), values);
        int[] words = sample.ints(rows, 17);
        int[] positions = sample.ints(rows, 5);
        float[] word = sample.floats(17 * hidden);
        float[] position = sample.floats(5 * hidden);
        double[] y =
                matrix(
                        rows,
                        hidden,
                        (r, i) ->
                                (double) word[words[r] * hidden + i]
                                        + position[positions[r] * hidden + i]);
        return sample.reads(words, positions, word, position)
                .writes(y, roundings(1, y))
                .scalars(hidden)
                .over(rows);
    }

    private static KernelSample embeddingGradient(
            Values values, int rows, int entries, int hidden) {
        var sample =
                new SampleBuilder(
                        EmbeddingKernels.EMBEDDING_GRADIENT,
                        "%d of %d entries of %d".formatted(rows, entries, hidden),
                        values);
        int[] ids = sample.ints(rows, entries);
        float[] dx = sample.floats(rows * hidden);
        float[] table = new float[entries * hidden];
        Arrays.fill(table, Float.NaN);
        return sample.reads(ids, dx)
                .updates(
                        table,
                        Float64.embeddingGradient(rows, entries, hidden, ids, of(dx)),
                        sums(rows, Float64.embeddingGradient(rows, entries, hidden, ids, abs(dx))))
                .scalars(rows, entries, hidden)
                .over(hidden);
    }
}
