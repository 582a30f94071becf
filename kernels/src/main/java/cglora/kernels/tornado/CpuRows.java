package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// Kernels over rows on a CPU device. A work group of one work item takes [#ROWS] rows; each row is
/// copied into a local array and computed there, because loops over global arrays are not
/// vectorised (see [CpuProduct]).
public final class CpuRows {
    /// Rows of a work group.
    static final int ROWS = 4;

    /// The longest row that is normalised at once.
    static final int LONGEST = 8192;

    /// Elements that an elementwise kernel takes at once.
    private static final int CHUNK = 1024;

    private CpuRows() {}

    /// Work groups for `rows` rows.
    static Grid grid(int rows) {
        return Grid.groups(Grid.blocks(rows, ROWS), 1);
    }

    /// [ActivationKernels#biasGelu].
    public static void biasGelu(
            KernelContext context,
            int count,
            float[] x,
            float[] bias,
            float[] y,
            int[] at,
            int o,
            int width) {
        float[] z = context.allocateFloatLocalArray(CHUNK);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            for (int start = 0; start < width; start += CHUNK) {
                int length = Math.min(CHUNK, width - start);
                int xAt = at[o] + r * width + start;
                int biasAt = at[o + 1] + start;
                int yAt = at[o + 2] + r * width + start;
                for (int i = 0; i < length; i++) {
                    z[i] = x[xAt + i] + bias[biasAt + i];
                }
                for (int i = 0; i < length; i++) {
                    z[i] = FloatMath.gelu(z[i]);
                }
                for (int i = 0; i < length; i++) {
                    y[yAt + i] = z[i];
                }
            }
        }
    }

    /// [ActivationKernels#biasGeluTanh].
    public static void biasGeluTanh(
            KernelContext context,
            int count,
            float[] x,
            float[] bias,
            float[] y,
            int[] at,
            int o,
            int width) {
        float[] z = context.allocateFloatLocalArray(CHUNK);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            for (int start = 0; start < width; start += CHUNK) {
                int length = Math.min(CHUNK, width - start);
                int xAt = at[o] + r * width + start;
                int biasAt = at[o + 1] + start;
                int yAt = at[o + 2] + r * width + start;
                for (int i = 0; i < length; i++) {
                    z[i] = x[xAt + i] + bias[biasAt + i];
                }
                for (int i = 0; i < length; i++) {
                    z[i] = FloatMath.geluTanh(z[i]);
                }
                for (int i = 0; i < length; i++) {
                    y[yAt + i] = z[i];
                }
            }
        }
    }

    /// [ActivationKernels#biasGeluGradient].
    public static void biasGeluGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        float[] z = context.allocateFloatLocalArray(CHUNK);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            for (int start = 0; start < width; start += CHUNK) {
                int length = Math.min(CHUNK, width - start);
                int dyAt = at[o] + r * width + start;
                int xAt = at[o + 1] + r * width + start;
                int biasAt = at[o + 2] + start;
                int dxAt = at[o + 3] + r * width + start;
                for (int i = 0; i < length; i++) {
                    z[i] = x[xAt + i] + bias[biasAt + i];
                }
                for (int i = 0; i < length; i++) {
                    z[i] = FloatMath.geluDerivative(z[i]);
                }
                for (int i = 0; i < length; i++) {
                    dx[dxAt + i] = dy[dyAt + i] * z[i];
                }
            }
        }
    }

    /// [ActivationKernels#biasGeluTanhGradient].
    public static void biasGeluTanhGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        float[] z = context.allocateFloatLocalArray(CHUNK);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            for (int start = 0; start < width; start += CHUNK) {
                int length = Math.min(CHUNK, width - start);
                int dyAt = at[o] + r * width + start;
                int xAt = at[o + 1] + r * width + start;
                int biasAt = at[o + 2] + start;
                int dxAt = at[o + 3] + r * width + start;
                for (int i = 0; i < length; i++) {
                    z[i] = x[xAt + i] + bias[biasAt + i];
                }
                for (int i = 0; i < length; i++) {
                    z[i] = FloatMath.geluTanhDerivative(z[i]);
                }
                for (int i = 0; i < length; i++) {
                    dx[dxAt + i] = dy[dyAt + i] * z[i];
                }
            }
        }
    }

    /// [AttentionKernels#softmaxRows], rows up to [#LONGEST].
    public static void softmaxRows(
            KernelContext context,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int columns,
            int rowsPerLength,
            float scale) {
        float[] z = context.allocateFloatLocalArray(LONGEST);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            int xAt = at[o] + r * columns;
            int yAt = at[o + 2] + r * columns;
            int length = Math.min(columns, lengths[at[o + 1] + r / rowsPerLength]);
            for (int i = 0; i < length; i++) {
                z[i] = scale * x[xAt + i];
            }
            float max = -3e38f;
            for (int i = 0; i < length; i++) {
                max = Math.max(max, z[i]);
            }
            for (int i = 0; i < length; i++) {
                z[i] = FloatMath.exp(z[i] - max);
            }
            float sum = 0f;
            for (int i = 0; i < length; i++) {
                sum += z[i];
            }
            float inverse = 1f / Math.max(sum, 1e-30f);
            for (int i = 0; i < length; i++) {
                y[yAt + i] = z[i] * inverse;
            }
            for (int i = length; i < columns; i++) {
                y[yAt + i] = 0f;
            }
        }
    }

    /// [LayerNormKernels#layerNorm], rows up to [#LONGEST].
    public static void layerNorm(
            KernelContext context,
            int count,
            float[] x,
            float[] gain,
            float[] shift,
            float[] normalized,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        float[] z = context.allocateFloatLocalArray(LONGEST);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            int xAt = at[o] + r * hidden;
            int gainAt = at[o + 1];
            int shiftAt = at[o + 2];
            int nAt = at[o + 3] + r * hidden;
            int yAt = at[o + 4] + r * hidden;
            for (int i = 0; i < hidden; i++) {
                z[i] = x[xAt + i];
            }
            float sum = 0f;
            for (int i = 0; i < hidden; i++) {
                sum += z[i];
            }
            float mean = sum / hidden;
            float squares = 0f;
            for (int i = 0; i < hidden; i++) {
                float d = z[i] - mean;
                squares += d * d;
            }
            float scale = 1f / FloatMath.sqrt(squares / hidden + eps);
            rstd[at[o + 5] + r] = scale;
            for (int i = 0; i < hidden; i++) {
                float value = (z[i] - mean) * scale;
                normalized[nAt + i] = value;
                y[yAt + i] = value * gain[gainAt + i] + shift[shiftAt + i];
            }
        }
    }

    /// [LayerNormKernels#residualLayerNorm], rows up to [#LONGEST].
    public static void residualLayerNorm(
            KernelContext context,
            int count,
            float[] x,
            float[] bias,
            float[] residual,
            float[] gain,
            float[] shift,
            float[] normalized,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        float[] z = context.allocateFloatLocalArray(LONGEST);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            int xAt = at[o] + r * hidden;
            int biasAt = at[o + 1];
            int residualAt = at[o + 2] + r * hidden;
            int gainAt = at[o + 3];
            int shiftAt = at[o + 4];
            int nAt = at[o + 5] + r * hidden;
            int yAt = at[o + 6] + r * hidden;
            for (int i = 0; i < hidden; i++) {
                z[i] = x[xAt + i] + bias[biasAt + i] + residual[residualAt + i];
            }
            float sum = 0f;
            for (int i = 0; i < hidden; i++) {
                sum += z[i];
            }
            float mean = sum / hidden;
            float squares = 0f;
            for (int i = 0; i < hidden; i++) {
                float d = z[i] - mean;
                squares += d * d;
            }
            float scale = 1f / FloatMath.sqrt(squares / hidden + eps);
            rstd[at[o + 7] + r] = scale;
            for (int i = 0; i < hidden; i++) {
                float value = (z[i] - mean) * scale;
                normalized[nAt + i] = value;
                y[yAt + i] = value * gain[gainAt + i] + shift[shiftAt + i];
            }
        }
    }

    /// [LayerNormKernels#layerNormGradient], rows up to [#LONGEST].
    public static void layerNormGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] normalized,
            float[] gain,
            float[] rstd,
            float[] dx,
            int[] at,
            int o,
            int hidden) {
        float[] d = context.allocateFloatLocalArray(LONGEST);
        float[] z = context.allocateFloatLocalArray(LONGEST);
        int row = context.groupIdx * ROWS;
        int end = Math.min(count, row + ROWS);
        for (int r = row; r < end; r++) {
            int dyAt = at[o] + r * hidden;
            int nAt = at[o + 1] + r * hidden;
            int gainAt = at[o + 2];
            float scale = rstd[at[o + 3] + r];
            int dxAt = at[o + 4] + r * hidden;
            for (int i = 0; i < hidden; i++) {
                d[i] = dy[dyAt + i] * gain[gainAt + i];
                z[i] = normalized[nAt + i];
            }
            float sum = 0f;
            float projection = 0f;
            for (int i = 0; i < hidden; i++) {
                sum += d[i];
                projection += d[i] * z[i];
            }
            float mean = sum / hidden;
            float along = projection / hidden;
            for (int i = 0; i < hidden; i++) {
                dx[dxAt + i] = scale * (d[i] - mean - z[i] * along);
            }
        }
    }
}
