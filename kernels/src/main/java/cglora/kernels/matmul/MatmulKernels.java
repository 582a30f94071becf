package cglora.kernels.matmul;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Dense matrix products, float32, row-major: `c = alpha · op(a) · op(b)`, added to `c` where
/// `accumulate` is 1, and the product of a linear layer with its bias. The range is the rows of
/// `c`. `2 · count · n · k` operations.
public final class MatmulKernels {
    public static final Kernel MATMUL_NN =
            Kernel.of(MatmulKernels.class, "matmulNN").reads("a", "b").updates("c").build();
    public static final Kernel MATMUL_NT =
            Kernel.of(MatmulKernels.class, "matmulNT").reads("a", "b").updates("c").build();
    public static final Kernel MATMUL_TN =
            Kernel.of(MatmulKernels.class, "matmulTN").reads("a", "b").updates("c").build();
    public static final Kernel MATMUL_NT_BIAS =
            Kernel.of(MatmulKernels.class, "matmulNTBias")
                    .reads("a", "b", "bias")
                    .writes("c")
                    .build();

    private MatmulKernels() {}

    /// `c = alpha · a · b`.
    ///
    /// @param a [rows, k]
    /// @param b [k, n]
    /// @param c [rows, n]
    public static void matmulNN(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int n,
            int k,
            float alpha,
            int accumulate) {
        for (@Parallel int r = 0; r < count; r++) {
            int aAt = at[o] + (first + r) * k;
            int bAt = at[o + 1];
            int cAt = at[o + 2] + (first + r) * n;
            for (int j = 0; j < n; j++) {
                float sum = 0f;
                for (int p = 0; p < k; p++) {
                    sum += a[aAt + p] * b[bAt + p * n + j];
                }
                c[cAt + j] = alpha * sum + (accumulate == 1 ? c[cAt + j] : 0f);
            }
        }
    }

    /// `c = alpha · a · bᵀ`.
    ///
    /// @param a [rows, k]
    /// @param b [n, k]
    /// @param c [rows, n]
    public static void matmulNT(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int n,
            int k,
            float alpha,
            int accumulate) {
        for (@Parallel int r = 0; r < count; r++) {
            int aAt = at[o] + (first + r) * k;
            int bAt = at[o + 1];
            int cAt = at[o + 2] + (first + r) * n;
            for (int j = 0; j < n; j++) {
                float sum = 0f;
                for (int p = 0; p < k; p++) {
                    sum += a[aAt + p] * b[bAt + j * k + p];
                }
                c[cAt + j] = alpha * sum + (accumulate == 1 ? c[cAt + j] : 0f);
            }
        }
    }

    /// `c = alpha · aᵀ · b`.
    ///
    /// @param a [k, m]
    /// @param b [k, n]
    /// @param c [m, n]
    public static void matmulTN(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int m,
            int n,
            int k,
            float alpha,
            int accumulate) {
        for (@Parallel int r = 0; r < count; r++) {
            int aAt = at[o] + first + r;
            int bAt = at[o + 1];
            int cAt = at[o + 2] + (first + r) * n;
            for (int j = 0; j < n; j++) {
                float sum = 0f;
                for (int p = 0; p < k; p++) {
                    sum += a[aAt + p * m] * b[bAt + p * n + j];
                }
                c[cAt + j] = alpha * sum + (accumulate == 1 ? c[cAt + j] : 0f);
            }
        }
    }

    /// `c = a · bᵀ + bias`, the same bias in every row.
    ///
    /// @param a    [rows, k]
    /// @param b    [n, k]
    /// @param bias [n]
    /// @param c    [rows, n]
    public static void matmulNTBias(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] bias,
            float[] c,
            int[] at,
            int o,
            int n,
            int k) {
        for (@Parallel int r = 0; r < count; r++) {
            int aAt = at[o] + (first + r) * k;
            int bAt = at[o + 1];
            int biasAt = at[o + 2];
            int cAt = at[o + 3] + (first + r) * n;
            for (int j = 0; j < n; j++) {
                float sum = 0f;
                for (int p = 0; p < k; p++) {
                    sum += a[aAt + p] * b[bAt + j * k + p];
                }
                c[cAt + j] = sum + bias[biasAt + j];
            }
        }
    }
}
