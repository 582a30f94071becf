package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// [Bfloat16ThinKernels] on a GPU: a row of work items takes a row of words, neighbouring work
/// items neighbouring words, and sums two elements of the result for each of some rows of the
/// other operand. The words are read as they are; powers of two in local memory widen them.
public final class GpuBfloat16Thin {
    /// Work items of a row.
    private static final int LANES = 32;

    /// Rows of the other operand at once.
    private static final int ROWS = 4;

    private static final int EXPONENTS = 256;

    private GpuBfloat16Thin() {}

    /// Work groups of `items` work items for `words` rows of words.
    static Grid grid(int words, int items) {
        int lanes = Math.min(LANES, items);
        int high = Math.max(1, items / lanes);
        return new Grid(lanes, Grid.blocks(words, high) * high, lanes, high);
    }

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

    /// The same as in [CpuBfloat16Thin].
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
        float[] parts = context.allocateFloatLocalArray(2 * ROWS * GpuSizes.MOST_ITEMS);
        int lanes = context.localGroupSizeX;
        int high = context.localGroupSizeY;
        int x = context.localIdx;
        int y = context.localIdy;
        int item = y * lanes + x;
        int items = lanes * high;
        int first = context.groupIdy * high;
        int word = first + y;
        for (int e = item; e < EXPONENTS; e += items) {
            powers[e] = FloatMath.bfloat16(Math.max(e, 1) << 7);
        }
        context.localBarrier();
        for (int row = 0; row < rows; row += ROWS) {
            int a0 = aAt + row * k;
            int a1 = aAt + Math.min(rows - 1, row + 1) * k;
            int a2 = aAt + Math.min(rows - 1, row + 2) * k;
            int a3 = aAt + Math.min(rows - 1, row + 3) * k;
            float l0 = 0f;
            float l1 = 0f;
            float l2 = 0f;
            float l3 = 0f;
            float u0 = 0f;
            float u1 = 0f;
            float u2 = 0f;
            float u3 = 0f;
            int end = word < count ? k : 0;
            for (int p = x; p < end; p += lanes) {
                int bits = b[bAt + word * k + p];
                int low = (bits >> 7) & 0xFF;
                int upper = (bits >> 23) & 0xFF;
                float lowOne = low == 0 ? 0f : 1f;
                float upperOne = upper == 0 ? 0f : 1f;
                float l = (lowOne + 0.0078125f * (bits & 0x7F)) * powers[low];
                float u = (upperOne + 0.0078125f * ((bits >> 16) & 0x7F)) * powers[upper];
                l = (bits & 0x8000) == 0 ? l : -l;
                u = bits >= 0 ? u : -u;
                float v0 = a[a0 + p];
                float v1 = a[a1 + p];
                float v2 = a[a2 + p];
                float v3 = a[a3 + p];
                l0 += v0 * l;
                l1 += v1 * l;
                l2 += v2 * l;
                l3 += v3 * l;
                u0 += v0 * u;
                u1 += v1 * u;
                u2 += v2 * u;
                u3 += v3 * u;
            }
            parts[item] = l0;
            parts[items + item] = l1;
            parts[2 * items + item] = l2;
            parts[3 * items + item] = l3;
            parts[4 * items + item] = u0;
            parts[5 * items + item] = u1;
            parts[6 * items + item] = u2;
            parts[7 * items + item] = u3;
            context.localBarrier();
            for (int e = item; e < 2 * ROWS * high; e += items) {
                int sort = e / high;
                int i = row + sort % ROWS;
                int w = first + e % high;
                int j = w + sort / ROWS * (n / 2);
                float sum = 0f;
                for (int l = 0; l < lanes; l++) {
                    sum += parts[sort * items + e % high * lanes + l];
                }
                if (i < rows && w < count) {
                    float old = beta == 1 ? d[dAt + i * dRow + j] : 0f;
                    c[cAt + i * n + j] = alpha * sum + old;
                }
            }
            context.localBarrier();
        }
    }
}
