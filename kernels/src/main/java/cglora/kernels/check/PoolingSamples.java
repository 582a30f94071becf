package cglora.kernels.check;

import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;

import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.pooling.PoolingKernels;
import java.util.ArrayList;
import java.util.List;

/// Samples of poolings of sequences and their gradients.
final class PoolingSamples {
    /// Sequences, tokens of each and values of a token.
    private static final int[][] SIZES = {{1, 1, 1}, {3, 7, 8}, {4, 13, 3}, {2, 8, 100}};

    private PoolingSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                samples.addAll(pools(values, size[0], size[1], size[2]));
            }
        }
        return samples;
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
                                Sequence64.meanPool(batch, width, hidden, of(x), lengths),
                                sums(
                                        width,
                                        Sequence64.meanPool(batch, width, hidden, abs(x), lengths)))
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
}
