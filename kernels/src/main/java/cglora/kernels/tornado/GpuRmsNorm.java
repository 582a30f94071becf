package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// Root-mean-square normalisation on a GPU: a work group takes a row of any length; that of the
/// gain's gradient takes some columns.
public final class GpuRmsNorm {
    private GpuRmsNorm() {}

    /// [RmsNormKernels#rmsNorm].
    public static void rmsNorm(
            KernelContext context,
            int count,
            float[] x,
            float[] gain,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        float[] shared = context.allocateFloatLocalArray(1);
        int r = context.groupIdx;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int xAt = at[o] + r * hidden;
        int gainAt = at[o + 1];
        int yAt = at[o + 2] + r * hidden;
        float part = 0f;
        for (int i = item; i < hidden; i += items) {
            float value = x[xAt + i];
            part += value * value;
        }
        float mean = GpuReduction.sum(context, part) / hidden;
        if (item == 0) {
            float inverse = 1f / FloatMath.sqrt(mean + eps);
            rstd[at[o + 3] + r] = inverse;
            shared[0] = inverse;
        }
        context.localBarrier();
        float scale = shared[0];
        for (int i = item; i < hidden; i += items) {
            y[yAt + i] = x[xAt + i] * scale * gain[gainAt + i];
        }
    }

    /// [RmsNormKernels#rmsNormGradient].
    public static void rmsNormGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] x,
            float[] gain,
            float[] rstd,
            float[] dx,
            int[] at,
            int o,
            int hidden) {
        int r = context.groupIdx;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int dyAt = at[o] + r * hidden;
        int xAt = at[o + 1] + r * hidden;
        int gainAt = at[o + 2];
        float scale = rstd[at[o + 3] + r];
        int dxAt = at[o + 4] + r * hidden;
        float part = 0f;
        for (int i = item; i < hidden; i += items) {
            part += dy[dyAt + i] * gain[gainAt + i] * (x[xAt + i] * scale);
        }
        float along = GpuReduction.sum(context, part) / hidden;
        for (int i = item; i < hidden; i += items) {
            float d = dy[dyAt + i] * gain[gainAt + i];
            dx[dxAt + i] = scale * (d - x[xAt + i] * scale * along);
        }
    }

    /// [RmsNormKernels#rmsNormGainGradient].
    public static void rmsNormGainGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] x,
            float[] rstd,
            float[] dGain,
            int[] at,
            int o,
            int rows,
            int hidden) {
        float[] parts = context.allocateFloatLocalArray(GpuSizes.MOST_ITEMS);
        int column = context.globalIdx;
        int y = context.localIdy;
        int height = context.localGroupSizeY;
        float part = 0f;
        if (column < count) {
            for (int r = y; r < rows; r += height) {
                int from = r * hidden + column;
                part += dy[at[o] + from] * (x[at[o + 1] + from] * rstd[at[o + 2] + r]);
            }
        }
        parts[y * GpuSums.COLUMNS + context.localIdx] = part;
        context.localBarrier();
        if (y == 0 && column < count) {
            float total = 0f;
            for (int i = 0; i < height; i++) {
                total += parts[i * GpuSums.COLUMNS + context.localIdx];
            }
            dGain[at[o + 3] + column] = total;
        }
    }
}
