package cglora.kernels.check;

import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.Kernel;
import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.math.Bfloat16;
import cglora.kernels.storage.Bfloat16Kernels;
import java.util.ArrayList;
import java.util.List;

/// Samples of weights that are kept as bfloat16. What is widened is exact.
final class StorageSamples {
    private static final int ENTRIES = 17;

    private StorageSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int length : new int[] {1, 2, 3, 7, 8, 13, 64, 100, 1023}) {
                samples.add(widen(values, length));
            }
            for (int[] size : new int[][] {{1, 1}, {21, 8}, {52, 3}, {16, 100}}) {
                samples.add(rows(values, size[0], size[1]));
                samples.add(pair(values, size[0], size[1]));
                samples.add(sum(values, size[0], size[1]));
            }
        }
        samples.add(powers());
        return samples;
    }

    private static int[] packed(float[] values) {
        int[] words = new int[Bfloat16.words(values.length)];
        Bfloat16.pack(values, words, 0);
        return words;
    }

    private static double[] kept(float[] values) {
        return vector(values.length, i -> Bfloat16.value(Bfloat16.bits(values[i])));
    }

    private static KernelSample widen(Values values, int length) {
        var sample = new SampleBuilder(Bfloat16Kernels.WIDEN_BFLOAT16, "" + length, values);
        return widened(sample, sample.floats(length));
    }

    /// Every exponent of the normal range, positive and negative.
    private static KernelSample powers() {
        float[] values = new float[2 * 254];
        for (int e = 0; e < 254; e++) {
            float power = Float.intBitsToFloat((e + 1) << 23);
            values[2 * e] = power;
            values[2 * e + 1] = -1.9921875f * power;
        }
        return widened(new SampleBuilder(Bfloat16Kernels.WIDEN_BFLOAT16, "all exponents"), values);
    }

    private static KernelSample widened(SampleBuilder sample, float[] values) {
        double[] y = kept(values);
        int words = Bfloat16.words(values.length);
        return sample.reads((Object) packed(values))
                .writes(y, exact(y))
                .scalars(values.length, words)
                .over(words);
    }

    /// A table of words and the tokens that read it.
    private static final class Drawn {
        final SampleBuilder sample;
        final int hidden;
        final int[] ids;
        final float[] word;
        final double[] kept;

        Drawn(Kernel kernel, Values values, int rows, int hidden) {
            this.hidden = hidden;
            sample = new SampleBuilder(kernel, rows + "×" + hidden, values);
            ids = sample.ints(rows, ENTRIES);
            word = sample.floats(ENTRIES * hidden);
            kept = kept(word);
        }

        double at(int i) {
            return kept[ids[i / hidden] * hidden + i % hidden];
        }

        KernelSample over(double[] y, double[] bounds) {
            return sample.writes(y, bounds)
                    .scalars(hidden, Bfloat16.words(word.length))
                    .over(ids.length);
        }
    }

    private static KernelSample rows(Values values, int rows, int hidden) {
        var drawn = new Drawn(Bfloat16Kernels.BFLOAT16_EMBEDDING_ROWS, values, rows, hidden);
        drawn.sample.reads(drawn.ids, packed(drawn.word));
        double[] y = vector(rows * hidden, drawn::at);
        return drawn.over(y, exact(y));
    }

    private static KernelSample pair(Values values, int rows, int hidden) {
        var drawn = new Drawn(Bfloat16Kernels.BFLOAT16_EMBEDDING_PAIR, values, rows, hidden);
        int[] positions = drawn.sample.ints(rows, 5);
        float[] position = drawn.sample.floats(5 * hidden);
        drawn.sample.reads(drawn.ids, positions, packed(drawn.word), position);
        double[] y =
                vector(
                        rows * hidden,
                        i -> drawn.at(i) + position[positions[i / hidden] * hidden + i % hidden]);
        double[] magnitudes =
                vector(
                        rows * hidden,
                        i ->
                                Math.abs(drawn.at(i))
                                        + Math.abs(
                                                position[
                                                        positions[i / hidden] * hidden
                                                                + i % hidden]));
        return drawn.over(y, roundings(1, magnitudes));
    }

    private static KernelSample sum(Values values, int rows, int hidden) {
        var drawn = new Drawn(Bfloat16Kernels.BFLOAT16_EMBEDDING_SUM, values, rows, hidden);
        int[] positions = drawn.sample.ints(rows, 5);
        int[] types = drawn.sample.ints(rows, 2);
        float[] position = drawn.sample.floats(5 * hidden);
        float[] type = drawn.sample.floats(2 * hidden);
        drawn.sample.reads(drawn.ids, positions, types, packed(drawn.word), position, type);
        double[] places =
                vector(rows * hidden, i -> position[positions[i / hidden] * hidden + i % hidden]);
        double[] kinds = vector(rows * hidden, i -> type[types[i / hidden] * hidden + i % hidden]);
        double[] y = vector(rows * hidden, i -> drawn.at(i) + places[i] + kinds[i]);
        double[] magnitudes =
                vector(
                        rows * hidden,
                        i -> Math.abs(drawn.at(i)) + Math.abs(places[i]) + Math.abs(kinds[i]));
        return drawn.over(y, roundings(2, magnitudes));
    }
}
