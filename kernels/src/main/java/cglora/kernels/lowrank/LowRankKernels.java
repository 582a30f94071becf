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
    public static final Kernel LOW_RANK_BACK_PROJECT =
            Kernel.of(LowRankKernels.class, "lowRankBackProject")
                    .reads("dy", "loraB")
                    .writes("v")
                    .build();
    public static final Kernel LOW_RANK_GRADIENT_B =
            Kernel.of(LowRankKernels.class, "lowRankGradientB")
                    .reads("dy", "u")
                    .writes("db")
                    .build();

    public static final Kernel LORA_BACKWARD =
            Kernel.of(LowRankKernels.class, "loraBackward")
                    .reads("x", "loraA", "dy", "loraB", "w")
                    .writes("u", "v", "merged")
                    .packs("rows", "in", "out")
                    .build();
    public static final Kernel LORA_GRADIENTS =
            Kernel.of(LowRankKernels.class, "loraGradients")
                    .reads("v", "x", "u", "dy")
                    .writes("da", "db")
                    .packs("rows", "in", "out")
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

    /// What the backward pass of a LoRA layer starts with: `u = x · loraAᵀ` and
    /// `v = scaling · dy · loraB`, from which the gradients of the factors follow, and
    /// `merged = w + scaling · loraB · loraA`, which the gradient of `x` is a product with. The
    /// range is the rows of `x` and `dy`, then those of `w`; without the latter, `merged` is not
    /// touched.
    ///
    /// @param x      [rows, in]
    /// @param loraA  [r, in]
    /// @param dy     [rows, out]
    /// @param loraB  [out, r]
    /// @param w      [out, in]
    /// @param u      [rows, r]
    /// @param v      [rows, r]
    /// @param merged [out, in]
    public static void loraBackward(
            int first,
            int count,
            float[] x,
            float[] loraA,
            float[] dy,
            float[] loraB,
            float[] w,
            float[] u,
            float[] v,
            float[] merged,
            int[] at,
            int o,
            int r,
            float scaling) {
        for (@Parallel int i = 0; i < count; i++) {
            int aAt = at[o + 1];
            int bAt = at[o + 3];
            int rows = at[o + 8];
            int in = at[o + 9];
            int out = at[o + 10];
            if (first + i < rows) {
                int xAt = at[o] + (first + i) * in;
                int dyAt = at[o + 2] + (first + i) * out;
                for (int p = 0; p < r; p++) {
                    float ofX = 0f;
                    for (int j = 0; j < in; j++) {
                        ofX += x[xAt + j] * loraA[aAt + p * in + j];
                    }
                    u[at[o + 5] + (first + i) * r + p] = ofX;
                    float ofDy = 0f;
                    for (int j = 0; j < out; j++) {
                        ofDy += dy[dyAt + j] * loraB[bAt + j * r + p];
                    }
                    v[at[o + 6] + (first + i) * r + p] = scaling * ofDy;
                }
            } else {
                int row = first + i - rows;
                int wAt = at[o + 4] + row * in;
                int mergedAt = at[o + 7] + row * in;
                for (int j = 0; j < in; j++) {
                    float sum = 0f;
                    for (int p = 0; p < r; p++) {
                        sum += loraB[bAt + row * r + p] * loraA[aAt + p * in + j];
                    }
                    merged[mergedAt + j] = w[wAt + j] + scaling * sum;
                }
            }
        }
    }

    /// The gradients of both factors, `da = vᵀ · x` and `db = scaling · dyᵀ · u`, from what
    /// [#loraBackward] gave. The range is the columns of `da`, which are many where its rows are
    /// few, then the rows of `db`.
    ///
    /// @param v  [rows, r]
    /// @param x  [rows, in]
    /// @param u  [rows, r]
    /// @param dy [rows, out]
    /// @param da [r, in]
    /// @param db [out, r]
    public static void loraGradients(
            int first,
            int count,
            float[] v,
            float[] x,
            float[] u,
            float[] dy,
            float[] da,
            float[] db,
            int[] at,
            int o,
            int r,
            float scaling) {
        for (@Parallel int i = 0; i < count; i++) {
            int rows = at[o + 6];
            int in = at[o + 7];
            int out = at[o + 8];
            if (first + i < in) {
                int xAt = at[o + 1] + first + i;
                for (int p = 0; p < r; p++) {
                    float sum = 0f;
                    for (int t = 0; t < rows; t++) {
                        sum += v[at[o] + t * r + p] * x[xAt + t * in];
                    }
                    da[at[o + 4] + p * in + first + i] = sum;
                }
            } else {
                int row = first + i - in;
                int dyAt = at[o + 3] + row;
                for (int p = 0; p < r; p++) {
                    float sum = 0f;
                    for (int t = 0; t < rows; t++) {
                        sum += dy[dyAt + t * out] * u[at[o + 2] + t * r + p];
                    }
                    db[at[o + 5] + row * r + p] = scaling * sum;
                }
            }
        }
    }
}
