package cglora.kernels.whitening;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Curvature whitening: K-FAC's factors as Gram matrices and their inverse roots (Martens and
/// Grosse, arXiv 1503.05671), by eigenpairs or by products alone.
public final class WhiteningKernels {
    public static final Kernel GRAM_INTO =
            Kernel.of(WhiteningKernels.class, "gramInto").reads("x").updates("gram").build();
    public static final Kernel ADD_DIAGONAL =
            Kernel.of(WhiteningKernels.class, "addDiagonal").updates("a").build();
    public static final Kernel SCALE_COLUMNS =
            Kernel.of(WhiteningKernels.class, "scaleColumns")
                    .reads("vectors", "scales")
                    .writes("scaled")
                    .build();
    public static final Kernel NEWTON_SCHULZ_FACTOR =
            Kernel.of(WhiteningKernels.class, "newtonSchulzFactor")
                    .reads("product")
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

    /// `a += value · I`. The range is the diagonal of `a` [n, n].
    public static void addDiagonal(
            int first, int count, float[] a, int[] at, int o, int n, float value) {
        for (@Parallel int i = 0; i < count; i++) {
            int cell = at[o] + (first + i) * n + first + i;
            a[cell] = a[cell] + value;
        }
    }

    /// `scaled = vectors · diag(scales)`: the first half of `V f(Λ) Vᵀ`, whose second half is a
    /// product with `Vᵀ`. The range is the rows.
    ///
    /// @param vectors [rows, n] eigenvectors in columns
    /// @param scales  [n] a function of the eigenvalues, `(λ + damping)^-p`
    /// @param scaled  [rows, n]
    public static void scaleColumns(
            int first,
            int count,
            float[] vectors,
            float[] scales,
            float[] scaled,
            int[] at,
            int o,
            int n) {
        for (@Parallel int i = 0; i < count; i++) {
            int vectorsAt = at[o] + (first + i) * n;
            int scaledAt = at[o + 2] + (first + i) * n;
            for (int j = 0; j < n; j++) {
                scaled[scaledAt + j] = vectors[vectorsAt + j] * scales[at[o + 1] + j];
            }
        }
    }

    /// `factor = ½ (3 I − product)`: one step of the coupled Newton–Schulz iteration
    /// `T = ½(3I − Z Y)`, `Y ← Y T`, `Z ← T Z`, which takes `Y` to the square root and `Z` to the
    /// inverse square root of a matrix whose norm is below 1 (Higham, Functions of Matrices,
    /// 2008, chapter 6). The range is the rows.
    ///
    /// @param product [n, n]
    /// @param factor  [n, n]
    public static void newtonSchulzFactor(
            int first, int count, float[] product, float[] factor, int[] at, int o, int n) {
        for (@Parallel int i = 0; i < count; i++) {
            int productAt = at[o] + (first + i) * n;
            int factorAt = at[o + 1] + (first + i) * n;
            for (int j = 0; j < n; j++) {
                float identity = j == first + i ? 1.5f : 0f;
                factor[factorAt + j] = identity - 0.5f * product[productAt + j];
            }
        }
    }
}
