package cglora.kernels.activation;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Bias and activation functions, fused where both touch the same rows. One row is one token;
/// the range is the rows.
public final class ActivationKernels {
    public static final Kernel BIAS_GELU = forward("biasGelu");
    public static final Kernel BIAS_GELU_GRADIENT = gradient("biasGeluGradient");
    public static final Kernel BIAS_GELU_TANH = forward("biasGeluTanh");
    public static final Kernel BIAS_GELU_TANH_GRADIENT = gradient("biasGeluTanhGradient");
    public static final Kernel BIAS_RELU = forward("biasRelu");
    public static final Kernel BIAS_RELU_GRADIENT = gradient("biasReluGradient");
    public static final Kernel TANH_FORWARD =
            Kernel.of(ActivationKernels.class, "tanhForward").reads("x").writes("y").build();
    public static final Kernel TANH_GRADIENT =
            Kernel.of(ActivationKernels.class, "tanhGradient")
                    .reads("dy", "y")
                    .writes("dx")
                    .build();

    private ActivationKernels() {}

    private static Kernel forward(String name) {
        return Kernel.of(ActivationKernels.class, name).reads("x", "bias").writes("y").build();
    }

    private static Kernel gradient(String name) {
        return Kernel.of(ActivationKernels.class, name)
                .reads("dy", "x", "bias")
                .writes("dx")
                .build();
    }

    /// `y = gelu(x + bias)`, the exact form.
    ///
    /// @param x    [rows, width]
    /// @param bias [width]
    /// @param y    [rows, width]
    public static void biasGelu(
            int first, int count, float[] x, float[] bias, float[] y, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * width;
            int biasAt = at[o + 1];
            int yAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = FloatMath.gelu(x[xAt + i] + bias[biasAt + i]);
            }
        }
    }

    /// `dx = dy · gelu'(x + bias)`.
    public static void biasGeluGradient(
            int first,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * width;
            int xAt = at[o + 1] + (first + r) * width;
            int biasAt = at[o + 2];
            int dxAt = at[o + 3] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                dx[dxAt + i] =
                        dy[dyAt + i] * FloatMath.geluDerivative(x[xAt + i] + bias[biasAt + i]);
            }
        }
    }

    /// `y = gelu(x + bias)`, the tanh form.
    public static void biasGeluTanh(
            int first, int count, float[] x, float[] bias, float[] y, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * width;
            int biasAt = at[o + 1];
            int yAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = FloatMath.geluTanh(x[xAt + i] + bias[biasAt + i]);
            }
        }
    }

    /// `dx = dy · gelu'(x + bias)`, the tanh form.
    public static void biasGeluTanhGradient(
            int first,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * width;
            int xAt = at[o + 1] + (first + r) * width;
            int biasAt = at[o + 2];
            int dxAt = at[o + 3] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                dx[dxAt + i] =
                        dy[dyAt + i] * FloatMath.geluTanhDerivative(x[xAt + i] + bias[biasAt + i]);
            }
        }
    }

    /// `y = max(x + bias, 0)`.
    public static void biasRelu(
            int first, int count, float[] x, float[] bias, float[] y, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * width;
            int biasAt = at[o + 1];
            int yAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = Math.max(x[xAt + i] + bias[biasAt + i], 0f);
            }
        }
    }

    /// `dx = dy` where `x + bias > 0`, else 0.
    public static void biasReluGradient(
            int first,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * width;
            int xAt = at[o + 1] + (first + r) * width;
            int biasAt = at[o + 2];
            int dxAt = at[o + 3] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                dx[dxAt + i] = x[xAt + i] + bias[biasAt + i] > 0f ? dy[dyAt + i] : 0f;
            }
        }
    }

    /// `y = tanh(x)`; the range is the rows of `x` [rows, width].
    public static void tanhForward(
            int first, int count, float[] x, float[] y, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * width;
            int yAt = at[o + 1] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = FloatMath.tanh(x[xAt + i]);
            }
        }
    }

    /// `dx = dy · (1 − y²)` with `y = tanh(x)`.
    public static void tanhGradient(
            int first, int count, float[] dy, float[] y, float[] dx, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * width;
            int yAt = at[o + 1] + (first + r) * width;
            int dxAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                float t = y[yAt + i];
                dx[dxAt + i] = dy[dyAt + i] * (1f - t * t);
            }
        }
    }
}
