package cglora.kernels.activation;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// ReLU without a bias. One row is one token; the range is the rows.
public final class ReluKernels {
    public static final Kernel RELU =
            Kernel.of(ReluKernels.class, "reluForward").reads("x").writes("y").build();
    public static final Kernel RELU_GRADIENT =
            Kernel.of(ReluKernels.class, "reluGradient").reads("dy", "y").writes("dx").build();

    private ReluKernels() {}

    /// `y = max(x, 0)`.
    ///
    /// @param x [rows, width]
    /// @param y [rows, width]
    public static void reluForward(
            int first, int count, float[] x, float[] y, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * width;
            int yAt = at[o + 1] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = Math.max(x[xAt + i], 0f);
            }
        }
    }

    /// `dx = dy` where `y = max(x, 0)` is above 0, else 0.
    public static void reluGradient(
            int first, int count, float[] dy, float[] y, float[] dx, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * width;
            int yAt = at[o + 1] + (first + r) * width;
            int dxAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                dx[dxAt + i] = y[yAt + i] > 0f ? dy[dyAt + i] : 0f;
            }
        }
    }
}
