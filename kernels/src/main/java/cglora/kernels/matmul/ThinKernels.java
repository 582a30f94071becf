package cglora.kernels.matmul;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Products of few rows with a large matrix, float32, row-major: what one token of a few sequences
/// takes of a linear layer. The range is the columns of the result, one a row of the matrix, so
/// that the matrix is read once and shared by all threads. `2 · rows · n · k` operations.
public final class ThinKernels {
    public static final Kernel THIN_NT =
            Kernel.of(ThinKernels.class, "thinNT").reads("a", "b").updates("c").build();
    public static final Kernel THIN_NT_BIAS =
            Kernel.of(ThinKernels.class, "thinNTBias").reads("a", "b", "bias").writes("c").build();

    /// So many rows are few: with more of them threads do better to share the rows.
    public static final int MOST_ROWS = 16;

    private ThinKernels() {}

    /// `c = alpha · a · bᵀ`, added to `c` where `accumulate` is 1.
    ///
    /// @param a [rows, k]
    /// @param b [n, k]
    /// @param c [rows, n]
    public static void thinNT(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int rows,
            int n,
            int k,
            float alpha,
            int accumulate) {
        for (@Parallel int j = 0; j < count; j++) {
            int bAt = at[o + 1] + (first + j) * k;
            int cAt = at[o + 2] + first + j;
            for (int r = 0; r < rows; r++) {
                int aAt = at[o] + r * k;
                float sum = 0f;
                for (int p = 0; p < k; p++) {
                    sum += a[aAt + p] * b[bAt + p];
                }
                c[cAt + r * n] = alpha * sum + (accumulate == 1 ? c[cAt + r * n] : 0f);
            }
        }
    }

    /// `c = a · bᵀ + bias`, the same bias in every row.
    ///
    /// @param a    [rows, k]
    /// @param b    [n, k]
    /// @param bias [n]
    /// @param c    [rows, n]
    public static void thinNTBias(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] bias,
            float[] c,
            int[] at,
            int o,
            int rows,
            int n,
            int k) {
        for (@Parallel int j = 0; j < count; j++) {
            int bAt = at[o + 1] + (first + j) * k;
            int biasAt = at[o + 2] + first + j;
            int cAt = at[o + 3] + first + j;
            for (int r = 0; r < rows; r++) {
                int aAt = at[o] + r * k;
                float sum = 0f;
                for (int p = 0; p < k; p++) {
                    sum += a[aAt + p] * b[bAt + p];
                }
                c[cAt + r * n] = sum + bias[biasAt];
            }
        }
    }
}
