package cglora.kernels.whitening;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Curvature whitening: K-FAC's factors as Gram matrices (Martens and Grosse, arXiv 1503.05671) and
/// their inverse roots by products alone.
public final class WhiteningKernels {
    public static final Kernel GRAM_INTO =
            Kernel.of(WhiteningKernels.class, "gramInto").reads("x").updates("gram").build();
    public static final Kernel NEWTON_SCHULZ_FACTOR =
            Kernel.of(WhiteningKernels.class, "newtonSchulzFactor")
                    .reads("product", "coefficients")
                    .writes("factor")
                    .build();

    private WhiteningKernels() {}

    /// `gram += alpha · xᵀ · x`, all of the symmetric matrix. The range is its rows.
    ///
    /// @param x    [rows, n]
    /// @param gram [n, n]
    public static void gramInto(
            int first,
            int count,
            float[] x,
            float[] gram,
            int[] at,
            int o,
            int rows,
            int n,
            float alpha) {
        for (@Parallel int i = 0; i < count; i++) {
            int xAt = at[o];
            int gramAt = at[o + 1] + (first + i) * n;
            for (int j = 0; j < n; j++) {
                float sum = 0f;
                for (int t = 0; t < rows; t++) {
                    sum += x[xAt + t * n + first + i] * x[xAt + t * n + j];
                }
                gram[gramAt + j] = gram[gramAt + j] + alpha * sum;
            }
        }
    }

    /// `factor = c₀ I + c₁ · product`: one step of the coupled Newton–Schulz iteration
    /// `T = c₀ I + c₁ Z Y`, `Y ← Y T`, `Z ← T Z`, which takes `Y` to the square root and `Z` to the
    /// inverse square root of a matrix whose norm is at most 1. `(3/2, −1/2)` is the plain step
    /// (Higham, Functions of Matrices, 2008, chapter 6). The numbers are read from the device's
    /// memory, since they change with every step and a scalar would be compiled in. The range is
    /// the rows.
    ///
    /// @param product      [n, n]
    /// @param coefficients [2]
    /// @param factor       [n, n]
    public static void newtonSchulzFactor(
            int first,
            int count,
            float[] product,
            float[] coefficients,
            float[] factor,
            int[] at,
            int o,
            int n) {
        for (@Parallel int i = 0; i < count; i++) {
            int productAt = at[o] + (first + i) * n;
            float constant = coefficients[at[o + 1]];
            float slope = coefficients[at[o + 1] + 1];
            int factorAt = at[o + 2] + (first + i) * n;
            for (int j = 0; j < n; j++) {
                float identity = j == first + i ? constant : 0f;
                factor[factorAt + j] = identity + slope * product[productAt + j];
            }
        }
    }
}
