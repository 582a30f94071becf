package cglora.kernels.check;

import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.activation.ReluKernels;
import cglora.kernels.attention.SequenceKernels;
import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.reduction.ChoiceKernels;
import java.util.ArrayList;
import java.util.List;

/// Samples of ReLU without a bias, of the likeliest of a row, and of sequences in another order.
final class ChoiceSamples {
    private static final int[][] SIZES = {
        {1, 1}, {3, 7}, {7, 8}, {8, 13}, {13, 64}, {5, 100}, {3, 384}, {2, 1023}
    };

    private ChoiceSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                samples.addAll(relu(values, size[0], size[1]));
                samples.add(argMax(values, size[0], size[1]));
                samples.add(picks(values, size[0], size[1]));
            }
        }
        return samples;
    }

    private static String name(int rows, int width) {
        return rows + "×" + width;
    }

    private static List<KernelSample> relu(Values values, int rows, int width) {
        int n = rows * width;
        var forward = new SampleBuilder(ReluKernels.RELU, name(rows, width), values);
        float[] x = forward.floats(n);
        double[] y = vector(n, i -> Math.max(x[i], 0));
        var backward = new SampleBuilder(ReluKernels.RELU_GRADIENT, name(rows, width), values);
        float[] dy = backward.floats(n);
        float[] result = Float64.toFloat(y);
        double[] dx = vector(n, i -> result[i] > 0 ? dy[i] : 0);
        return List.of(
                forward.reads((Object) x).writes(y, exact(y)).scalars(width).over(rows),
                backward.reads(dy, result).writes(dx, exact(dx)).scalars(width).over(rows));
    }

    private static KernelSample argMax(Values values, int rows, int columns) {
        var sample = new SampleBuilder(ChoiceKernels.ROW_ARG_MAX, name(rows, columns), values);
        float[] x = sample.floats(rows * columns);
        double[] all = of(x);
        double[] index =
                vector(
                        rows,
                        r -> {
                            int best = 0;
                            for (int c = 1; c < columns; c++) {
                                best = all[r * columns + c] > all[r * columns + best] ? c : best;
                            }
                            return best;
                        });
        return sample.reads((Object) x).writes(index, exact(index)).scalars(columns).over(rows);
    }

    private static KernelSample picks(Values values, int batch, int width) {
        int positions = 3;
        String name = "%d×%d×%d".formatted(batch, positions, width);
        var picking = new SampleBuilder(SequenceKernels.PICK_SEQUENCES, name, values);
        float[] from = picking.floats(batch * positions * width);
        int[] order = picking.ints(batch + 2, batch);
        int size = positions * width;
        double[] picked = vector(order.length * size, i -> from[order[i / size] * size + i % size]);
        return picking.reads(from, order)
                .writes(picked, exact(picked))
                .scalars(positions, width)
                .over(order.length * positions);
    }
}
