package cglora.kernels.check;

import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.tolerance;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.toFloat;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.Kernel;
import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.check.SampleBuilder.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/// Samples of activations and their gradients.
final class ActivationSamples {
    private static final int[][] SIZES = {
        {1, 1}, {3, 7}, {7, 8}, {8, 13}, {13, 64}, {5, 100}, {3, 384}, {2, 1023}, {1023, 3}
    };

    private ActivationSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int[] size : SIZES) {
                samples.addAll(activations(values, size[0], size[1]));
            }
        }
        return samples;
    }

    private static String name(int rows, int width) {
        return rows + "×" + width;
    }

    private static List<KernelSample> activations(Values values, int rows, int width) {
        var samples = new ArrayList<KernelSample>();
        samples.add(
                activation(ActivationKernels.BIAS_GELU, values, rows, width, Activation64::gelu));
        samples.add(
                activation(
                        ActivationKernels.BIAS_GELU_TANH,
                        values,
                        rows,
                        width,
                        Activation64::geluTanh));
        samples.add(
                activationGradient(
                        ActivationKernels.BIAS_GELU_GRADIENT,
                        values,
                        rows,
                        width,
                        Activation64::geluDerivative));
        samples.add(
                activationGradient(
                        ActivationKernels.BIAS_GELU_TANH_GRADIENT,
                        values,
                        rows,
                        width,
                        Activation64::geluTanhDerivative));
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
}
