package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import cglora.kernels.reduction.ReductionKernels;
import uk.ac.manchester.tornado.api.KernelContext;

/// Sums along columns and over whole arrays on a GPU. Neighbouring work items read neighbouring
/// elements; the order of the sums is fixed by the size of the work group.
public final class GpuSums {
    /// Columns of a work group; the rest of its work items are rows.
    static final int COLUMNS = 16;

    private GpuSums() {}

    /// Work groups of `items` work items for `columns` columns.
    static Grid columns(int columns, int items) {
        int rows = Math.max(1, items / COLUMNS);
        return new Grid(Grid.blocks(columns, COLUMNS) * COLUMNS, rows, COLUMNS, rows);
    }

    /// [ReductionKernels#columnSum].
    public static void columnSum(
            KernelContext context,
            int count,
            float[] x,
            float[] sum,
            int[] at,
            int o,
            int rows,
            int columns) {
        float[] parts = context.allocateFloatLocalArray(GpuSizes.MOST_ITEMS);
        int column = context.globalIdx;
        int y = context.localIdy;
        int height = context.localGroupSizeY;
        float part = 0f;
        if (column < count) {
            for (int r = y; r < rows; r += height) {
                part += x[at[o] + r * columns + column];
            }
        }
        parts[y * COLUMNS + context.localIdx] = part;
        context.localBarrier();
        if (y == 0 && column < count) {
            float total = 0f;
            for (int i = 0; i < height; i++) {
                total += parts[i * COLUMNS + context.localIdx];
            }
            sum[at[o + 1] + column] = total;
        }
    }

    /// [LayerNormKernels#layerNormGainGradient].
    public static void layerNormGainGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] normalized,
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
                part += dy[at[o] + from] * normalized[at[o + 1] + from];
            }
        }
        parts[y * COLUMNS + context.localIdx] = part;
        context.localBarrier();
        if (y == 0 && column < count) {
            float total = 0f;
            for (int i = 0; i < height; i++) {
                total += parts[i * COLUMNS + context.localIdx];
            }
            dGain[at[o + 2] + column] = total;
        }
    }

    /// [ReductionKernels#blockSquares]: a work group for each block.
    public static void blockSquares(
            KernelContext context,
            int count,
            float[] x,
            float[] sums,
            int[] at,
            int o,
            int n,
            int start) {
        int block = context.groupIdx;
        int begin = block * ReductionKernels.BLOCK;
        int end = Math.min(n, begin + ReductionKernels.BLOCK);
        float part = 0f;
        for (int i = begin + context.localIdx; i < end; i += context.localGroupSizeX) {
            float value = x[at[o] + i];
            part += value * value;
        }
        float sum = GpuReduction.sum(context, part);
        if (context.localIdx == 0) {
            sums[at[o + 1] + start + block] = sum;
        }
    }

    /// [ReductionKernels#dotProduct]: one work group.
    public static void dotProduct(
            KernelContext context,
            int count,
            float[] x,
            float[] y,
            float[] dot,
            int[] at,
            int o,
            int n) {
        float part = 0f;
        for (int i = context.localIdx; i < n; i += context.localGroupSizeX) {
            part += x[at[o] + i] * y[at[o + 1] + i];
        }
        float sum = GpuReduction.sum(context, part);
        if (context.localIdx == 0) {
            dot[at[o + 2]] = sum;
        }
    }

    /// [OptimizerKernels#clipByNorm]: one work group.
    public static void clipByNorm(
            KernelContext context,
            int count,
            float[] sums,
            float[] clip,
            int[] at,
            int o,
            int blocks,
            float maxNorm) {
        float part = 0f;
        for (int b = context.localIdx; b < blocks; b += context.localGroupSizeX) {
            part += sums[at[o] + b];
        }
        float total = GpuReduction.sum(context, part);
        if (context.localIdx == 0) {
            float norm = FloatMath.sqrt(total);
            clip[at[o + 1]] = norm;
            clip[at[o + 1] + 1] = maxNorm > 0f ? Math.min(1f, maxNorm / (norm + 1e-6f)) : 1f;
        }
    }
}
