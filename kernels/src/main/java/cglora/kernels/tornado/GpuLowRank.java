package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// [LowRankKernels] on a GPU. Products whose result is large and whose sum is short are those of
/// [GpuProduct]. Of the thin ones, whose result has few rows or columns and whose sum is long, a
/// work group of side × side work items computes a block of side × side elements, so that there
/// are enough groups; the operands pass through tiles of [#DEPTH] steps in local memory.
public final class GpuLowRank {
    /// Length of a tile along the sum.
    private static final int DEPTH = 32;

    /// From one step of a tile to the next, against conflicts of banks.
    private static final int PITCH = GpuSizes.LARGEST_SIDE + 1;

    private GpuLowRank() {}

    /// Blocks of a result; none where it has no elements.
    static int blocks(int rows, int columns, int side) {
        return (rows + side - 1) / side * ((columns + side - 1) / side);
    }

    /// [LowRankKernels#lowRankMerge].
    public static void lowRankMerge(
            KernelContext context,
            int count,
            float[] w,
            float[] loraB,
            float[] loraA,
            float[] merged,
            int[] at,
            int o,
            int in,
            int r,
            float scaling,
            int side) {
        int wAt = at[o];
        int bAt = at[o + 1];
        int aAt = at[o + 2];
        int mergedAt = at[o + 3];
        GpuProduct.product(
                context, count, in, r, loraB, bAt, r, 1, loraA, aAt, in, 1, w, wAt, in, merged,
                mergedAt, scaling, 1, side);
    }

    /// [LowRankKernels#lowRankUpdate].
    public static void lowRankUpdate(
            KernelContext context,
            int count,
            float[] u,
            float[] loraB,
            float[] y,
            int[] at,
            int o,
            int out,
            int r,
            float scaling,
            int side) {
        int uAt = at[o];
        int bAt = at[o + 1];
        int yAt = at[o + 2];
        GpuProduct.product(
                context, count, out, r, u, uAt, r, 1, loraB, bAt, 1, r, y, yAt, out, y, yAt,
                scaling, 1, side);
    }

    /// [LowRankKernels#lowRankBackProject].
    public static void lowRankBackProject(
            KernelContext context,
            int count,
            float[] dy,
            float[] loraB,
            float[] v,
            int[] at,
            int o,
            int out,
            int r,
            float scaling) {
        block(
                context,
                0,
                context.groupIdx,
                count,
                r,
                out,
                dy,
                dy,
                dy,
                at[o],
                out,
                1,
                loraB,
                loraB,
                at[o + 1],
                r,
                1,
                v,
                0,
                v,
                v,
                v,
                at[o + 2],
                scaling);
    }

    /// [LowRankKernels#lowRankGradientB].
    public static void lowRankGradientB(
            KernelContext context,
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
        block(
                context,
                0,
                context.groupIdx,
                count,
                r,
                rows,
                dy,
                dy,
                dy,
                at[o],
                1,
                out,
                u,
                u,
                at[o + 1],
                r,
                1,
                db,
                0,
                db,
                db,
                db,
                at[o + 2],
                scaling);
    }

    /// [LowRankKernels#loraBackward]: the blocks of `u`, those of `v`, then those of `merged`.
    public static void loraBackward(
            KernelContext context,
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
        int rows = at[o + 8];
        int in = at[o + 9];
        int out = at[o + 10];
        int thin = blocks(rows, r, context.localGroupSizeX);
        int part = Math.min(2, context.groupIdx / thin);
        boolean isU = part == 0;
        boolean isMerged = part == 2;
        block(
                context,
                part,
                context.groupIdx - part * thin,
                isMerged ? count - rows : rows,
                isMerged ? in : r,
                isU ? in : isMerged ? r : out,
                x,
                dy,
                loraB,
                isU ? at[o] : isMerged ? at[o + 3] : at[o + 2],
                isU ? in : isMerged ? r : out,
                1,
                loraA,
                loraB,
                part == 1 ? at[o + 3] : at[o + 1],
                isU ? 1 : isMerged ? in : r,
                isU ? in : 1,
                w,
                at[o + 4],
                u,
                v,
                merged,
                isU ? at[o + 5] : isMerged ? at[o + 7] : at[o + 6],
                isU ? 1f : scaling);
    }

    /// [LowRankKernels#loraGradients]: the blocks of `da`, then those of `db`.
    public static void loraGradients(
            KernelContext context,
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
        int rows = at[o + 6];
        int in = at[o + 7];
        int out = at[o + 8];
        int ofA = blocks(r, in, context.localGroupSizeX);
        boolean isA = context.groupIdx < ofA;
        block(
                context,
                isA ? 0 : 1,
                isA ? context.groupIdx : context.groupIdx - ofA,
                isA ? r : out,
                isA ? in : r,
                rows,
                v,
                dy,
                dy,
                isA ? at[o] : at[o + 3],
                1,
                isA ? r : out,
                x,
                u,
                isA ? at[o + 1] : at[o + 2],
                isA ? in : r,
                1,
                dy,
                0,
                da,
                db,
                db,
                isA ? at[o + 4] : at[o + 5],
                isA ? 1f : scaling);
    }

    /// A block of the product `c = alpha · a · b`, [m, n], as [CpuProduct#product] states it. No
    /// compiler of TornadoVM takes an array out of several: it is chosen where it is read or
    /// written.
    ///
    /// @param part   0: the operands `a0`, `b0`, `c0`; 1: `a1`, `b1`, `c1`; 2: `a2`, `b0`, `c2`,
    ///     and `d`, [m, n], is added
    /// @param number of the block, along the rows
    private static void block(
            KernelContext context,
            int part,
            int number,
            int m,
            int n,
            int k,
            float[] a0,
            float[] a1,
            float[] a2,
            int aAt,
            int aRow,
            int aStep,
            float[] b0,
            float[] b1,
            int bAt,
            int bStep,
            int bColumn,
            float[] d,
            int dAt,
            float[] c0,
            float[] c1,
            float[] c2,
            int cAt,
            float alpha) {
        float[] aTile = context.allocateFloatLocalArray(DEPTH * PITCH);
        float[] bTile = context.allocateFloatLocalArray(DEPTH * PITCH);
        int side = context.localGroupSizeX;
        int x = context.localIdx;
        int y = context.localIdy;
        int item = y * side + x;
        int across = (n + side - 1) / side;
        int row = number / across * side;
        int column = number % across * side;
        float sum = 0f;
        for (int start = 0; start < k; start += DEPTH) {
            for (int e = item; e < DEPTH * side; e += side * side) {
                // neighbouring work items read along the operand's rows
                int p = aStep == 1 ? e % DEPTH : e / side;
                int i = aStep == 1 ? e / DEPTH : e % side;
                float value = 0f;
                if (row + i < m && start + p < k) {
                    int from = aAt + (row + i) * aRow + (start + p) * aStep;
                    value = part == 0 ? a0[from] : part == 1 ? a1[from] : a2[from];
                }
                aTile[p * PITCH + i] = value;
            }
            for (int e = item; e < DEPTH * side; e += side * side) {
                int p = bStep == 1 ? e % DEPTH : e / side;
                int j = bStep == 1 ? e / DEPTH : e % side;
                float value = 0f;
                if (column + j < n && start + p < k) {
                    int from = bAt + (start + p) * bStep + (column + j) * bColumn;
                    value = part == 1 ? b1[from] : b0[from];
                }
                bTile[p * PITCH + j] = value;
            }
            context.localBarrier();
            for (int p = 0; p < DEPTH; p++) {
                sum += aTile[p * PITCH + y] * bTile[p * PITCH + x];
            }
            context.localBarrier();
        }
        int i = row + y;
        int j = column + x;
        if (i < m && j < n) {
            float value = alpha * sum;
            int to = cAt + i * n + j;
            if (part == 0) {
                c0[to] = value;
            } else if (part == 1) {
                c1[to] = value;
            } else {
                c2[to] = value + d[dAt + i * n + j];
            }
        }
    }
}
