package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// [Bfloat16ThinKernels] on a CPU device: a work group of one work item takes some rows of words.
/// It widens a piece of one into local arrays, once for all rows of the other operand, pieces of
/// which lie in local arrays, too (see [CpuProduct] why).
public final class CpuBfloat16Thin {
    /// Rows of words of a work group.
    static final int WORDS = 16;

    private static final int ROWS = 16;
    private static final int DEPTH = 512;
    private static final int EXPONENTS = 256;

    private CpuBfloat16Thin() {}

    /// [Bfloat16ThinKernels#bfloat16ThinNT].
    public static void bfloat16ThinNT(
            KernelContext context,
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
        int cAt = at[o + 2];
        product(
                context,
                count,
                rows,
                n,
                k,
                a,
                at[o],
                b,
                at[o + 1],
                c,
                cAt,
                n,
                c,
                cAt,
                alpha,
                accumulate);
    }

    /// [Bfloat16ThinKernels#bfloat16ThinNTBias]: the bias is a matrix whose rows are all the same.
    public static void bfloat16ThinNTBias(
            KernelContext context,
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
        product(
                context, count, rows, n, k, a, at[o], b, at[o + 1], bias, at[o + 2], 0, c,
                at[o + 3], 1f, 1);
    }

    /// `c[i, j] = alpha · Σ a[i, p] · b[j, p] + beta · d[i, j]` with beta 1 or 0, `d[i, j]` being
    /// `d[dAt + i · dRow + j]`, not read where beta is 0. Row `j` of `b` is the lower halves of
    /// word row `j`, or the upper ones of word row `j − n/2`.
    private static void product(
            KernelContext context,
            int count,
            int rows,
            int n,
            int k,
            float[] a,
            int aAt,
            int[] b,
            int bAt,
            float[] d,
            int dAt,
            int dRow,
            float[] c,
            int cAt,
            float alpha,
            int beta) {
        float[] powers = context.allocateFloatLocalArray(EXPONENTS);
        float[] panel = context.allocateFloatLocalArray(ROWS * DEPTH);
        float[] lower = context.allocateFloatLocalArray(DEPTH);
        float[] upper = context.allocateFloatLocalArray(DEPTH);
        float[] lowerSums = context.allocateFloatLocalArray(WORDS * ROWS);
        float[] upperSums = context.allocateFloatLocalArray(WORDS * ROWS);
        for (int e = 0; e < EXPONENTS; e++) {
            powers[e] = FloatMath.bfloat16(Math.max(e, 1) << 7);
        }
        int word = context.groupIdx * WORDS;
        int words = Math.min(WORDS, count - word);
        for (int first = 0; first < rows; first += ROWS) {
            int tall = Math.min(ROWS, rows - first);
            for (int i = 0; i < WORDS * ROWS; i++) {
                lowerSums[i] = 0f;
                upperSums[i] = 0f;
            }
            for (int start = 0; start < k; start += DEPTH) {
                int depth = Math.min(DEPTH, k - start);
                for (int r = 0; r < tall; r++) {
                    int from = aAt + (first + r) * k + start;
                    for (int p = 0; p < depth; p++) {
                        panel[r * DEPTH + p] = a[from + p];
                    }
                }
                for (int w = 0; w < words; w++) {
                    int from = bAt + (word + w) * k + start;
                    for (int p = 0; p < depth; p++) {
                        int bits = b[from + p];
                        int low = (bits >> 7) & 0xFF;
                        int high = (bits >> 23) & 0xFF;
                        float lowOne = low == 0 ? 0f : 1f;
                        float highOne = high == 0 ? 0f : 1f;
                        float x = (lowOne + 0.0078125f * (bits & 0x7F)) * powers[low];
                        float z = (highOne + 0.0078125f * ((bits >> 16) & 0x7F)) * powers[high];
                        lower[p] = (bits & 0x8000) == 0 ? x : -x;
                        upper[p] = bits >= 0 ? z : -z;
                    }
                    for (int r = 0; r < tall; r++) {
                        int row = r * DEPTH;
                        float x = 0f;
                        float z = 0f;
                        for (int p = 0; p < depth; p++) {
                            x += panel[row + p] * lower[p];
                            z += panel[row + p] * upper[p];
                        }
                        lowerSums[w * ROWS + r] = lowerSums[w * ROWS + r] + x;
                        upperSums[w * ROWS + r] = upperSums[w * ROWS + r] + z;
                    }
                }
            }
            for (int r = 0; r < tall; r++) {
                for (int w = 0; w < words; w++) {
                    int i = first + r;
                    int j = word + w;
                    float low = beta == 1 ? d[dAt + i * dRow + j] : 0f;
                    float high = beta == 1 ? d[dAt + i * dRow + j + n / 2] : 0f;
                    c[cAt + i * n + j] = alpha * lowerSums[w * ROWS + r] + low;
                    c[cAt + i * n + j + n / 2] = alpha * upperSums[w * ROWS + r] + high;
                }
            }
        }
    }
}
