package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// The one body of all dense products on a GPU: a work group of `side` × `side` work items computes
/// a block of the result that has four times its rows and columns, a work item 4 × 4 of its
/// elements in registers, `side` rows and columns apart, so that neighbouring work items touch
/// neighbouring elements. Both operands pass through tiles in local memory, of [#DEPTH] steps each;
/// outside the operands they are zeros.
final class GpuProduct {
    /// Rows and columns of a work item.
    private static final int CELLS = 4;

    /// Length of a tile along the sum.
    private static final int DEPTH = 16;

    /// From one step of a tile to the next: one more than the largest block, against conflicts of
    /// banks.
    private static final int PITCH = CELLS * GpuSizes.LARGEST_SIDE + 1;

    private GpuProduct() {}

    /// One work group for each block of a result of `rows` × `columns`.
    static Grid grid(int rows, int columns, int side) {
        int block = CELLS * side;
        return new Grid(
                Grid.blocks(columns, block) * side, Grid.blocks(rows, block) * side, side, side);
    }

    /// The same sum as [CpuProduct#product].
    ///
    /// @param side rows and columns of the work group, a constant of the launch
    static void product(
            KernelContext context,
            int m,
            int n,
            int k,
            float[] a,
            int aAt,
            int aRow,
            int aStep,
            float[] b,
            int bAt,
            int bStep,
            int bColumn,
            float[] d,
            int dAt,
            int dRow,
            float[] c,
            int cAt,
            float alpha,
            int beta,
            int side) {
        float[] aTile = context.allocateFloatLocalArray(DEPTH * PITCH);
        float[] bTile = context.allocateFloatLocalArray(DEPTH * PITCH);
        int x = context.localIdx;
        int y = context.localIdy;
        int item = y * side + x;
        int block = CELLS * side;
        int row = context.groupIdy * block;
        int column = context.groupIdx * block;
        float s00 = 0f;
        float s01 = 0f;
        float s02 = 0f;
        float s03 = 0f;
        float s10 = 0f;
        float s11 = 0f;
        float s12 = 0f;
        float s13 = 0f;
        float s20 = 0f;
        float s21 = 0f;
        float s22 = 0f;
        float s23 = 0f;
        float s30 = 0f;
        float s31 = 0f;
        float s32 = 0f;
        float s33 = 0f;
        for (int start = 0; start < k; start += DEPTH) {
            for (int e = item; e < DEPTH * block; e += side * side) {
                // neighbouring work items read along the operand's rows
                int p = aStep == 1 ? e % DEPTH : e / block;
                int i = aStep == 1 ? e / DEPTH : e % block;
                float value = 0f;
                if (row + i < m && start + p < k) {
                    value = a[aAt + (row + i) * aRow + (start + p) * aStep];
                }
                aTile[p * PITCH + i] = value;
            }
            for (int e = item; e < DEPTH * block; e += side * side) {
                int p = bStep == 1 ? e % DEPTH : e / block;
                int j = bStep == 1 ? e / DEPTH : e % block;
                float value = 0f;
                if (column + j < n && start + p < k) {
                    value = b[bAt + (start + p) * bStep + (column + j) * bColumn];
                }
                bTile[p * PITCH + j] = value;
            }
            context.localBarrier();
            for (int p = 0; p < DEPTH; p++) {
                int aFrom = p * PITCH + y;
                int bFrom = p * PITCH + x;
                float a0 = aTile[aFrom];
                float a1 = aTile[aFrom + side];
                float a2 = aTile[aFrom + 2 * side];
                float a3 = aTile[aFrom + 3 * side];
                float b0 = bTile[bFrom];
                float b1 = bTile[bFrom + side];
                float b2 = bTile[bFrom + 2 * side];
                float b3 = bTile[bFrom + 3 * side];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
                s20 += a2 * b0;
                s21 += a2 * b1;
                s22 += a2 * b2;
                s23 += a2 * b3;
                s30 += a3 * b0;
                s31 += a3 * b1;
                s32 += a3 * b2;
                s33 += a3 * b3;
            }
            context.localBarrier();
        }
        for (int q = 0; q < 4; q++) {
            int i = row + y + q * side;
            float s0 = q == 0 ? s00 : q == 1 ? s10 : q == 2 ? s20 : s30;
            float s1 = q == 0 ? s01 : q == 1 ? s11 : q == 2 ? s21 : s31;
            float s2 = q == 0 ? s02 : q == 1 ? s12 : q == 2 ? s22 : s32;
            float s3 = q == 0 ? s03 : q == 1 ? s13 : q == 2 ? s23 : s33;
            for (int w = 0; w < 4; w++) {
                int j = column + x + w * side;
                float sum = w == 0 ? s0 : w == 1 ? s1 : w == 2 ? s2 : s3;
                if (i < m && j < n) {
                    float old = beta == 1 ? d[dAt + i * dRow + j] : 0f;
                    c[cAt + i * n + j] = alpha * sum + old;
                }
            }
        }
    }
}
