package cglora.kernels.check;

import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;

import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.embedding.EmbeddingKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Samples of embeddings and their gradient.
final class EmbeddingSamples {
    /// Rows and values of a row.
    private static final int[][] SIZES = {{1, 1}, {21, 8}, {52, 3}, {16, 100}};

    private EmbeddingSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                samples.add(embeddingSum(values, size[0], size[1]));
                samples.add(embeddingPair(values, size[0], size[1]));
                samples.add(embeddingRows(values, size[0], size[1]));
                samples.add(embeddingGradient(values, size[0], 5, size[1]));
            }
            samples.add(embeddingGradient(values, 3, 64, 384));
        }
        return samples;
    }

    private static String name(int rows, int width) {
        return rows + "×" + width;
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
                        Sequence64.embeddingGradient(rows, entries, hidden, ids, of(dx)),
                        sums(
                                rows,
                                Sequence64.embeddingGradient(rows, entries, hidden, ids, abs(dx))))
                .scalars(rows, entries, hidden)
                .over(hidden);
    }
}
