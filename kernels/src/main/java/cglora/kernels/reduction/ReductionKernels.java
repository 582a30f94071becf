package cglora.kernels.reduction;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Sums, copies and sums of arrays. Long sums are taken in blocks, then over the blocks, in an
/// order that does not depend on the number of threads.
public final class ReductionKernels {
    public static final Kernel COLUMN_SUM =
            Kernel.of(ReductionKernels.class, "columnSum").reads("x").writes("sum").build();
    public static final Kernel DOT =
            Kernel.of(ReductionKernels.class, "dotProduct").reads("x", "y").writes("dot").build();
    public static final Kernel SQUARES =
            Kernel.of(ReductionKernels.class, "blockSquares").reads("x").updates("sums").build();
    public static final Kernel ADD_INTO =
            Kernel.of(ReductionKernels.class, "addInto").reads("x").updates("y").build();
    public static final Kernel COPY_INTO =
            Kernel.of(ReductionKernels.class, "copyInto").reads("x").writes("y").build();
    public static final Kernel SCALE_INTO =
            Kernel.of(ReductionKernels.class, "scaleInto").reads("x").writes("y").build();

    /// Elements that one block of [#SQUARES] covers.
    public static final int BLOCK = 4096;

    private ReductionKernels() {}

    /// `sum[i] = Σ x[:, i]`. The range is the columns.
    ///
    /// @param x   [rows, columns]
    /// @param sum [columns]
    public static void columnSum(
            int first, int count, float[] x, float[] sum, int[] at, int o, int rows, int columns) {
        for (@Parallel int i = 0; i < count; i++) {
            int xAt = at[o] + first + i;
            float total = 0f;
            for (int start = 0; start < rows; start += 64) {
                int end = Math.min(rows, start + 64);
                float block = 0f;
                for (int r = start; r < end; r++) {
                    block += x[xAt + r * columns];
                }
                total += block;
            }
            sum[at[o + 1] + first + i] = total;
        }
    }

    /// `dot[0] = Σ x[i] · y[i]` over `n` elements, meant for few (a batch); the range is 1.
    public static void dotProduct(
            int first, int count, float[] x, float[] y, float[] dot, int[] at, int o, int n) {
        for (@Parallel int d = 0; d < count; d++) {
            float sum = 0f;
            for (int i = 0; i < n; i++) {
                sum += x[at[o] + i] * y[at[o + 1] + i];
            }
            dot[at[o + 2] + first + d] = sum;
        }
    }

    /// `sums[b] = Σ x²` over block `b` of [#BLOCK] elements. The range is the blocks.
    ///
    /// @param x    [n]
    /// @param sums    [start + ⌈n / BLOCK⌉]
    /// @param start   where in `sums` this array's blocks begin
    public static void blockSquares(
            int first, int count, float[] x, float[] sums, int[] at, int o, int n, int start) {
        for (@Parallel int b = 0; b < count; b++) {
            int begin = (first + b) * BLOCK;
            int end = Math.min(n, begin + BLOCK);
            float sum = 0f;
            for (int i = begin; i < end; i++) {
                float value = x[at[o] + i];
                sum += value * value;
            }
            sums[at[o + 1] + start + first + b] = sum;
        }
    }

    /// `y += scale · x`. The range is the elements.
    public static void addInto(
            int first, int count, float[] x, float[] y, int[] at, int o, float scale) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = y[at[o + 1] + first + i] + scale * x[at[o] + first + i];
        }
    }

    /// `y = x`. The range is the elements.
    public static void copyInto(int first, int count, float[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = x[at[o] + first + i];
        }
    }

    /// `y = factor · x`. The range is the elements of `x`; `y` may be `x`.
    public static void scaleInto(
            int first, int count, float[] x, float[] y, int[] at, int o, float factor) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = factor * x[at[o] + first + i];
        }
    }
}
