package cglora.kernels.lowrank;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// The products of a LoRA layer `y = W x + s · B (A x)` (Hu et al., arXiv 2106.09685), where one
/// dimension, the rank `r`, is small. `lora_A` is [r, in], `lora_B` [out, r].
public final class LowRankKernels {
    public static final Kernel LOW_RANK_MERGE =
            Kernel.of(LowRankKernels.class, "lowRankMerge")
                    .reads("w", "loraB", "loraA")
                    .writes("merged")
                    .build();
    public static final Kernel LOW_RANK_UPDATE =
            Kernel.of(LowRankKernels.class, "lowRankUpdate")
                    .reads("u", "loraB")
                    .updates("y")
                    .build();
    public static final Kernel LOW_RANK_PROJECT =
            Kernel.of(LowRankKernels.class, "lowRankProject").reads("x", "f").writes("u").build();
    public static final Kernel LOW_RANK_BACK_PROJECT =
            Kernel.of(LowRankKernels.class, "lowRankBackProject")
                    .reads("dy", "loraB")
                    .writes("v")
                    .build();
    public static final Kernel LOW_RANK_GRADIENT_A =
            Kernel.of(LowRankKernels.class, "lowRankGradientA")
                    .reads("v", "x")
                    .writes("da")
                    .build();
    public static final Kernel LOW_RANK_GRADIENT_B =
            Kernel.of(LowRankKernels.class, "lowRankGradientB")
                    .reads("dy", "u")
                    .writes("db")
                    .build();

    private LowRankKernels() {}

    /// `merged = w + scaling · loraB · loraA`. The range is the rows of `w`.
    ///
    /// @param w      [out, in]
    /// @param loraB  [out, r]
    /// @param loraA  [r, in]
    /// @param merged [out, in]
    public static void lowRankMerge(
            int first,
            int count,
            float[] w,
            float[] loraB,
            float[] loraA,
            float[] merged,
            int[] at,
            int o,
            int in,
            int r,
            float scaling) {
        for (@Parallel int i = 0; i < count; i++) {
            int wAt = at[o] + (first + i) * in;
            int bAt = at[o + 1] + (first + i) * r;
            int aAt = at[o + 2];
            int mergedAt = at[o + 3] + (first + i) * in;
            for (int j = 0; j < in; j++) {
                float sum = 0f;
                for (int p = 0; p < r; p++) {
                    sum += loraB[bAt + p] * loraA[aAt + p * in + j];
                }
                merged[mergedAt + j] = w[wAt + j] + scaling * sum;
            }
        }
    }

    /// `y += scaling · u · loraBᵀ`. The range is the rows (tokens) of `y`.
    ///
    /// @param u     [rows, r]
    /// @param loraB [out, r]
    /// @param y     [rows, out]
    public static void lowRankUpdate(
            int first,
            int count,
            float[] u,
            float[] loraB,
            float[] y,
            int[] at,
            int o,
            int out,
            int r,
            float scaling) {
        for (@Parallel int i = 0; i < count; i++) {
            int uAt = at[o] + (first + i) * r;
            int bAt = at[o + 1];
            int yAt = at[o + 2] + (first + i) * out;
            for (int j = 0; j < out; j++) {
                float sum = 0f;
                for (int p = 0; p < r; p++) {
                    sum += u[uAt + p] * loraB[bAt + j * r + p];
                }
                y[yAt + j] = y[yAt + j] + scaling * sum;
            }
        }
    }

    /// `u = x · fᵀ`, the projection on the rows of `f`. The range is the rows of `x`.
    ///
    /// @param x [rows, in]
    /// @param f [r, in]
    /// @param u [rows, r]
    public static void lowRankProject(
            int first, int count, float[] x, float[] f, float[] u, int[] at, int o, int in, int r) {
        for (@Parallel int i = 0; i < count; i++) {
            int xAt = at[o] + (first + i) * in;
            int fAt = at[o + 1];
            int uAt = at[o + 2] + (first + i) * r;
            for (int p = 0; p < r; p++) {
                float sum = 0f;
                for (int j = 0; j < in; j++) {
                    sum += x[xAt + j] * f[fAt + p * in + j];
                }
                u[uAt + p] = sum;
            }
        }
    }

    /// `v = scaling · dy · loraB`. The range is the rows of `dy`.
    ///
    /// @param dy    [rows, out]
    /// @param loraB [out, r]
    /// @param v     [rows, r]
    public static void lowRankBackProject(
            int first,
            int count,
            float[] dy,
            float[] loraB,
            float[] v,
            int[] at,
            int o,
            int out,
            int r,
            float scaling) {
        for (@Parallel int i = 0; i < count; i++) {
            int dyAt = at[o] + (first + i) * out;
            int bAt = at[o + 1];
            int vAt = at[o + 2] + (first + i) * r;
            for (int p = 0; p < r; p++) {
                float sum = 0f;
                for (int j = 0; j < out; j++) {
                    sum += dy[dyAt + j] * loraB[bAt + j * r + p];
                }
                v[vAt + p] = scaling * sum;
            }
        }
    }

    /// `da = vᵀ · x`, the gradient of `lora_A`. The range is the columns of `da`, which are many
    /// where its rows are few.
    ///
    /// @param v  [rows, r]
    /// @param x  [rows, in]
    /// @param da [r, in]
    public static void lowRankGradientA(
            int first,
            int count,
            float[] v,
            float[] x,
            float[] da,
            int[] at,
            int o,
            int rows,
            int in,
            int r) {
        for (@Parallel int j = 0; j < count; j++) {
            int vAt = at[o];
            int xAt = at[o + 1] + first + j;
            int daAt = at[o + 2] + first + j;
            for (int p = 0; p < r; p++) {
                float sum = 0f;
                for (int t = 0; t < rows; t++) {
                    sum += v[vAt + t * r + p] * x[xAt + t * in];
                }
                da[daAt + p * in] = sum;
            }
        }
    }

    /// `db = scaling · dyᵀ · u`, the gradient of `lora_B`. The range is the rows of `db`.
    ///
    /// @param dy [rows, out]
    /// @param u  [rows, r]
    /// @param db [out, r]
    public static void lowRankGradientB(
            int first,
            int count,
            float[] dy,
            float[] u,
            float[] db,
            int[] at,
            int o,
            int rows,
            int out,
            int r,
            float scaling) {
        for (@Parallel int j = 0; j < count; j++) {
            int dyAt = at[o] + first + j;
            int uAt = at[o + 1];
            int dbAt = at[o + 2] + (first + j) * r;
            for (int p = 0; p < r; p++) {
                float sum = 0f;
                for (int t = 0; t < rows; t++) {
                    sum += dy[dyAt + t * out] * u[uAt + t * r + p];
                }
                db[dbAt + p] = scaling * sum;
            }
        }
    }
}
