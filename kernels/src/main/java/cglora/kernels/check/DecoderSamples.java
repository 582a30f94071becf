package cglora.kernels.check;

import static cglora.kernels.check.Closeness.ROUNDING;
import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.Kernel;
import cglora.kernels.activation.GatedKernels;
import cglora.kernels.attention.KeyValueKernels;
import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.rotary.RotaryKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/// Samples of what decoders have beside their norms and attention: gated activations, rotary
/// embeddings and the vector of the last token.
final class DecoderSamples {
    private static final int POSITIONS = 11;

    private DecoderSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : new int[][] {{1, 1}, {7, 8}, {8, 13}, {3, 100}, {2, 1023}}) {
                samples.addAll(
                        gated(
                                GatedKernels.GATED_SILU,
                                GatedKernels.GATED_SILU_GRADIENT,
                                values,
                                size,
                                Activation64::silu,
                                Activation64::siluDerivative));
                samples.addAll(
                        gated(
                                GatedKernels.GATED_GELU_TANH,
                                GatedKernels.GATED_GELU_TANH_GRADIENT,
                                values,
                                size,
                                Activation64::geluTanh,
                                Activation64::geluTanhDerivative));
            }
            samples.add(rotary(values, 1, 1, 2, 1, 1f));
            samples.add(rotary(values, 7, 3, 8, 4, 1f));
            samples.add(rotary(values, 13, 2, 10, 3, 1f));
            samples.add(rotary(values, 13, 2, 64, 32, -1f));
            for (int[] size : new int[][] {{1, 1, 1}, {3, 7, 8}, {4, 13, 3}, {2, 8, 100}}) {
                samples.addAll(pools(values, size[0], size[1], size[2]));
                samples.add(keepRows(values, size[0], size[1], size[2]));
                samples.addAll(takeRows(values, size[0], size[1], size[2]));
                samples.add(gatherRows(values, size[0] * size[1], size[2]));
            }
        }
        return samples;
    }

    /// Both functions are off by 2e-6 of `1 + |x|` at most.
    private static List<KernelSample> gated(
            Kernel kernel,
            Kernel slopes,
            Values values,
            int[] size,
            DoubleUnaryOperator function,
            DoubleUnaryOperator derivative) {
        int rows = size[0];
        int width = size[1];
        String name = rows + "×" + width;
        var forward = new SampleBuilder(kernel, name, values);
        float[] gate = forward.floats(rows * width);
        float[] up = forward.floats(rows * width);
        double[] y = vector(gate.length, i -> function.applyAsDouble(gate[i]) * up[i]);
        double[] magnitudes = vector(y.length, i -> (1 + Math.abs(gate[i])) * Math.abs(up[i]));
        var backward = new SampleBuilder(slopes, name, values);
        float[] dy = backward.floats(rows * width);
        double[] dGate =
                vector(dy.length, i -> (double) dy[i] * up[i] * derivative.applyAsDouble(gate[i]));
        double[] dUp = vector(dy.length, i -> dy[i] * function.applyAsDouble(gate[i]));
        double[] ofGate = vector(dy.length, i -> 2e-6 * Math.abs((double) dy[i] * up[i]));
        double[] ofUp = vector(dy.length, i -> 2e-6 * (1 + Math.abs(gate[i])) * Math.abs(dy[i]));
        return List.of(
                forward.reads(gate, up)
                        .writes(y, Closeness.tolerance(2e-6, 0, magnitudes))
                        .scalars(width)
                        .over(rows),
                backward.reads(dy, gate, up)
                        .writes(dGate, Closeness.tolerance(1, 0, ofGate))
                        .writes(dUp, Closeness.tolerance(1, 0, ofUp))
                        .scalars(width)
                        .over(rows));
    }

    private static KernelSample rotary(
            Values values, int rows, int heads, int headSize, int half, float sign) {
        String name = "%d×%d heads of %d, %d turn".formatted(rows, heads, headSize, half);
        var sample = new SampleBuilder(RotaryKernels.ROTARY, name, values);
        float[] x = sample.floats(rows * heads * headSize);
        int[] positions = sample.ints(rows, POSITIONS);
        float[] cos = sample.floats(POSITIONS * half);
        float[] sin = sample.floats(POSITIONS * half);
        double[] y =
                Sequence64.rotary(
                        rows, heads, headSize, half, sign, of(x), positions, of(cos), of(sin));
        double[] magnitudes =
                Sequence64.rotary(
                        rows,
                        heads,
                        headSize,
                        half,
                        sign,
                        Float64.abs(x),
                        positions,
                        Float64.abs(cos),
                        vector(sin.length, _ -> 0));
        double[] others =
                matrix(
                        rows,
                        heads * headSize,
                        (r, i) -> {
                            int p = i % headSize;
                            int at = r * heads * headSize + i + (p < half ? half : -half);
                            return p >= 2 * half
                                    ? 0
                                    : Math.abs(
                                            (double) x[at] * sin[positions[r] * half + p % half]);
                        });
        return sample.reads(x, positions, cos, sin)
                .writes(
                        y,
                        vector(
                                y.length,
                                i -> 3 * ROUNDING * (magnitudes[i] + others[i]) + Float.MIN_NORMAL))
                .scalars(heads, headSize, half, sign)
                .over(rows);
    }

    private static KernelSample keepRows(Values values, int batch, int width, int size) {
        int positions = width + 3;
        String name = "%d×%d of %d×%d".formatted(batch, width, positions, size);
        var sample = new SampleBuilder(KeyValueKernels.KEEP_ROWS, name, values);
        float[] x = sample.floats(batch * width * size);
        int[] starts = sample.ints(batch, 4);
        float[] before = sample.floats(batch * positions * size);
        double[] after =
                matrix(
                        batch * positions,
                        size,
                        (r, i) -> {
                            int t = r % positions - starts[r / positions];
                            return t >= 0 && t < width
                                    ? x[(r / positions * width + t) * size + i]
                                    : before[r * size + i];
                        });
        return sample.reads(x, starts)
                .updates(before, after, exact(after))
                .scalars(width, positions, size)
                .over(batch * width);
    }

    private static List<KernelSample> takeRows(Values values, int batch, int width, int hidden) {
        int taken = Math.max(1, width / 2 + 1);
        String name = "%d×%d of %d×%d".formatted(batch, taken, width, hidden);
        var forward = new SampleBuilder(PoolingKernels.TAKE_ROWS, name, values);
        float[] x = forward.floats(batch * width * hidden);
        int[] starts = forward.ints(batch, width);
        double[] y =
                matrix(
                        batch * taken,
                        hidden,
                        (r, i) -> {
                            int token = starts[r / taken] + r % taken;
                            return token < width ? x[(r / taken * width + token) * hidden + i] : 0;
                        });
        var backward = new SampleBuilder(PoolingKernels.TAKE_ROWS_GRADIENT, name, values);
        float[] dy = backward.floats(batch * taken * hidden);
        double[] dx =
                matrix(
                        batch * width,
                        hidden,
                        (r, i) -> {
                            int t = r % width - starts[r / width];
                            return t >= 0 && t < taken
                                    ? dy[(r / width * taken + t) * hidden + i]
                                    : 0;
                        });
        return List.of(
                forward.reads(x, starts)
                        .writes(y, exact(y))
                        .scalars(width, taken, hidden)
                        .over(batch * taken),
                backward.reads(dy, starts)
                        .writes(dx, exact(dx))
                        .scalars(width, taken, hidden)
                        .over(batch * width));
    }

    private static KernelSample gatherRows(Values values, int rows, int hidden) {
        int taken = rows / 2 + 2;
        var sample =
                new SampleBuilder(
                        PoolingKernels.GATHER_ROWS,
                        "%d of %d×%d".formatted(taken, rows, hidden),
                        values);
        float[] x = sample.floats(rows * hidden);
        int[] places = sample.ints(taken, rows + 1);
        for (int i = 0; i < taken; i++) {
            places[i]--; // some have no place
        }
        double[] y = matrix(taken, hidden, (r, i) -> places[r] < 0 ? 0 : x[places[r] * hidden + i]);
        return sample.reads(x, places).writes(y, exact(y)).scalars(hidden).over(taken);
    }

    private static List<KernelSample> pools(Values values, int batch, int width, int hidden) {
        String name = "%d×%d×%d".formatted(batch, width, hidden);
        var forward = new SampleBuilder(PoolingKernels.LAST_POOL, name, values);
        float[] x = forward.floats(batch * width * hidden);
        int[] lengths = forward.lengths(batch, width);
        double[] y =
                matrix(
                        batch,
                        hidden,
                        (b, i) ->
                                lengths[b] == 0 ? 0 : x[(b * width + lengths[b] - 1) * hidden + i]);
        var backward = new SampleBuilder(PoolingKernels.LAST_POOL_GRADIENT, name, values);
        float[] dy = backward.floats(batch * hidden);
        double[] dx =
                matrix(
                        batch * width,
                        hidden,
                        (r, i) ->
                                r % width == lengths[r / width] - 1
                                        ? dy[r / width * hidden + i]
                                        : 0);
        return List.of(
                forward.reads(x, lengths).writes(y, exact(y)).scalars(width, hidden).over(batch),
                backward.reads(dy, lengths)
                        .writes(dx, exact(dx))
                        .scalars(width, hidden)
                        .over(batch * width));
    }
}
