package cglora.kernels.storage;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// The products of [cglora.kernels.matmul.ThinKernels] with a matrix that is kept as bfloat16, two
/// numbers in an `int` (see [cglora.kernels.math.Bfloat16]): it is read as it is, half as much as
/// in float32. Of an even number of rows, row `j` and row `j + n/2` share their words, so that the
/// range is half the columns of the result.
public final class Bfloat16ThinKernels {
    public static final Kernel BFLOAT16_THIN_NT =
            Kernel.of(Bfloat16ThinKernels.class, "bfloat16ThinNT")
                    .reads("a", "b")
                    .updates("c")
                    .build();
    public static final Kernel BFLOAT16_THIN_NT_BIAS =
            Kernel.of(Bfloat16ThinKernels.class, "bfloat16ThinNTBias")
                    .reads("a", "b", "bias")
                    .writes("c")
                    .build();

    private Bfloat16ThinKernels() {}

    /// `c = alpha · a · bᵀ`, added to `c` where `accumulate` is 1.
    ///
    /// @param a [rows, k]
    /// @param b [n/2, k] `[n, k]` in pairs
    /// @param c [rows, n]
    /// @param n even
    public static void bfloat16ThinNT(
            int first,
            int count,
            float[] a,
            int[] b,
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
            int lowerAt = at[o + 2] + first + j;
            int upperAt = lowerAt + n / 2;
            for (int r = 0; r < rows; r++) {
                int aAt = at[o] + r * k;
                float lower = 0f;
                float upper = 0f;
                for (int p = 0; p < k; p++) {
                    int word = b[bAt + p];
                    lower += a[aAt + p] * FloatMath.bfloat16(word & 0xFFFF);
                    upper += a[aAt + p] * FloatMath.bfloat16((word >> 16) & 0xFFFF);
                }
                int lowerC = lowerAt + r * n;
                int upperC = upperAt + r * n;
                c[lowerC] = alpha * lower + (accumulate == 1 ? c[lowerC] : 0f);
                c[upperC] = alpha * upper + (accumulate == 1 ? c[upperC] : 0f);
            }
        }
    }

    /// `c = a · bᵀ + bias`, the same bias in every row.
    ///
    /// @param a    [rows, k]
    /// @param b    [n/2, k] `[n, k]` in pairs
    /// @param bias [n]
    /// @param c    [rows, n]
    /// @param n    even
    public static void bfloat16ThinNTBias(
            int first,
            int count,
            float[] a,
            int[] b,
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
                float lower = 0f;
                float upper = 0f;
                for (int p = 0; p < k; p++) {
                    int word = b[bAt + p];
                    lower += a[aAt + p] * FloatMath.bfloat16(word & 0xFFFF);
                    upper += a[aAt + p] * FloatMath.bfloat16((word >> 16) & 0xFFFF);
                }
                c[cAt + r * n] = lower + bias[biasAt];
                c[cAt + r * n + n / 2] = upper + bias[biasAt + n / 2];
            }
        }
    }
}
