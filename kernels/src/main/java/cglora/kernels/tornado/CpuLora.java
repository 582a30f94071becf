package cglora.kernels.tornado;

import cglora.kernels.program.Launch;
import uk.ac.manchester.tornado.api.KernelContext;

/// The fused kernels of [LowRankKernels] on a CPU device: several products of which each work
/// group computes a block of one, as [CpuProduct] does. The long side of a thin product is the
/// columns of its blocks, along which the innermost loop goes.
public final class CpuLora {
    /// Rows of a block: the rank of most adapters at once.
    private static final int ROWS = 32;

    private static final int COLUMNS = 256;
    private static final int DEPTH = 64;

    private CpuLora() {}

    /// Work groups of [#loraBackward].
    static Grid backward(Launch launch) {
        int rows = launch.packed().get(0);
        int in = launch.packed().get(1);
        int thin = blocks((Integer) launch.scalars().get(0), ROWS) * blocks(rows, COLUMNS);
        int merged = blocks(launch.count() - rows, ROWS) * blocks(in, COLUMNS);
        return Grid.groups(2 * thin + merged, 1);
    }

    /// Work groups of [#loraGradients].
    static Grid gradients(Launch launch) {
        int high = blocks((Integer) launch.scalars().get(0), ROWS);
        int in = launch.packed().get(1);
        int out = launch.packed().get(2);
        return Grid.groups(high * (blocks(in, COLUMNS) + blocks(out, COLUMNS)), 1);
    }

    private static int blocks(int length, int size) {
        return (length + size - 1) / size;
    }

    /// [LowRankKernels#loraBackward]: the blocks of `uᵀ`, those of `vᵀ`, then those of `merged`.
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
        int thin = blocks(r, ROWS) * blocks(rows, COLUMNS);
        int part = Math.min(2, context.groupIdx / thin);
        boolean isU = part == 0;
        boolean isMerged = part == 2;
        block(
                context,
                part,
                context.groupIdx - part * thin,
                isMerged ? count - rows : r,
                isMerged ? in : rows,
                isU ? in : isMerged ? r : out,
                loraA,
                loraB,
                isU ? at[o + 1] : at[o + 3],
                isU ? in : isMerged ? r : 1,
                isU ? 1 : isMerged ? 1 : r,
                x,
                dy,
                loraA,
                isU ? at[o] : isMerged ? at[o + 1] : at[o + 2],
                isMerged ? in : 1,
                isU ? in : isMerged ? 1 : out,
                w,
                at[o + 4],
                u,
                v,
                merged,
                isU ? at[o + 5] : isMerged ? at[o + 7] : at[o + 6],
                isMerged ? in : 1,
                isMerged ? 1 : r,
                isU ? 1f : scaling);
    }

    /// [LowRankKernels#loraGradients]: the blocks of `da`, then those of `dbᵀ`.
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
        int ofA = blocks(r, ROWS) * blocks(in, COLUMNS);
        boolean isA = context.groupIdx < ofA;
        block(
                context,
                isA ? 0 : 1,
                isA ? context.groupIdx : context.groupIdx - ofA,
                r,
                isA ? in : out,
                rows,
                v,
                u,
                isA ? at[o] : at[o + 2],
                1,
                r,
                x,
                dy,
                dy,
                isA ? at[o + 1] : at[o + 3],
                isA ? in : out,
                1,
                dy,
                0,
                da,
                db,
                db,
                isA ? at[o + 4] : at[o + 5],
                isA ? in : 1,
                isA ? 1 : r,
                isA ? 1f : scaling);
    }

    /// A block of the product `c = alpha · a · b`, [m, n], as [CpuProduct#product] states it, with
    /// `c[i, j]` at `cAt + i · cRow + j · cColumn`. No compiler of TornadoVM takes an array out of
    /// several: it is chosen where it is read or written.
    ///
    /// @param part   0: the operands `a0`, `b0`, `c0`; 1: `a1`, `b1`, `c1`; 2: `a1`, `b2`, `c2`,
    ///     and `d`, laid out as `c`, is added
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
            int aAt,
            int aRow,
            int aStep,
            float[] b0,
            float[] b1,
            float[] b2,
            int bAt,
            int bStep,
            int bColumn,
            float[] d,
            int dAt,
            float[] c0,
            float[] c1,
            float[] c2,
            int cAt,
            int cRow,
            int cColumn,
            float alpha) {
        float[] aPanel = context.allocateFloatLocalArray(ROWS * DEPTH);
        float[] bPanel = context.allocateFloatLocalArray(DEPTH * COLUMNS);
        float[] block = context.allocateFloatLocalArray(ROWS * COLUMNS);
        int across = blocks(n, COLUMNS);
        int row = number / across * ROWS;
        int column = number % across * COLUMNS;
        int rows = Math.min(ROWS, m - row);
        int columns = Math.min(COLUMNS, n - column);
        int tall = (rows + 3) / 4 * 4;
        int wide = (columns + 15) / 16 * 16;
        for (int i = 0; i < tall * COLUMNS; i++) {
            block[i] = 0f;
        }
        for (int start = 0; start < k; start += DEPTH) {
            int depth = Math.min(DEPTH, k - start);
            int whole = depth / 8 * 8;
            int padded = (depth + 3) / 4 * 4;
            for (int i = 0; i < rows; i++) {
                for (int p = 0; p < depth; p++) {
                    int from = aAt + (row + i) * aRow + (start + p) * aStep;
                    aPanel[i * DEPTH + p] = part == 0 ? a0[from] : a1[from];
                }
                for (int p = depth; p < padded; p++) {
                    aPanel[i * DEPTH + p] = 0f;
                }
            }
            for (int p = 0; p < whole; p += 8) {
                for (int j = 0; j < columns; j++) {
                    int from = bAt + (start + p) * bStep + (column + j) * bColumn;
                    int to = p * COLUMNS + j;
                    if (part == 0) {
                        bPanel[to] = b0[from];
                        bPanel[to + COLUMNS] = b0[from + bStep];
                        bPanel[to + 2 * COLUMNS] = b0[from + 2 * bStep];
                        bPanel[to + 3 * COLUMNS] = b0[from + 3 * bStep];
                        bPanel[to + 4 * COLUMNS] = b0[from + 4 * bStep];
                        bPanel[to + 5 * COLUMNS] = b0[from + 5 * bStep];
                        bPanel[to + 6 * COLUMNS] = b0[from + 6 * bStep];
                        bPanel[to + 7 * COLUMNS] = b0[from + 7 * bStep];
                    } else if (part == 1) {
                        bPanel[to] = b1[from];
                        bPanel[to + COLUMNS] = b1[from + bStep];
                        bPanel[to + 2 * COLUMNS] = b1[from + 2 * bStep];
                        bPanel[to + 3 * COLUMNS] = b1[from + 3 * bStep];
                        bPanel[to + 4 * COLUMNS] = b1[from + 4 * bStep];
                        bPanel[to + 5 * COLUMNS] = b1[from + 5 * bStep];
                        bPanel[to + 6 * COLUMNS] = b1[from + 6 * bStep];
                        bPanel[to + 7 * COLUMNS] = b1[from + 7 * bStep];
                    } else {
                        bPanel[to] = b2[from];
                        bPanel[to + COLUMNS] = b2[from + bStep];
                        bPanel[to + 2 * COLUMNS] = b2[from + 2 * bStep];
                        bPanel[to + 3 * COLUMNS] = b2[from + 3 * bStep];
                        bPanel[to + 4 * COLUMNS] = b2[from + 4 * bStep];
                        bPanel[to + 5 * COLUMNS] = b2[from + 5 * bStep];
                        bPanel[to + 6 * COLUMNS] = b2[from + 6 * bStep];
                        bPanel[to + 7 * COLUMNS] = b2[from + 7 * bStep];
                    }
                }
            }
            for (int p = whole; p < padded; p++) {
                for (int j = 0; j < wide; j++) {
                    float value = 0f;
                    if (p < depth && j < columns) {
                        int from = bAt + (start + p) * bStep + (column + j) * bColumn;
                        value = part == 0 ? b0[from] : part == 1 ? b1[from] : b2[from];
                    }
                    bPanel[p * COLUMNS + j] = value;
                }
            }
            for (int p = 0; p < padded; p += 4) {
                for (int i = 0; i < tall; i += 4) {
                    int aFrom = i * DEPTH + p;
                    float a00 = aPanel[aFrom];
                    float a01 = aPanel[aFrom + 1];
                    float a02 = aPanel[aFrom + 2];
                    float a03 = aPanel[aFrom + 3];
                    float a10 = aPanel[aFrom + DEPTH];
                    float a11 = aPanel[aFrom + DEPTH + 1];
                    float a12 = aPanel[aFrom + DEPTH + 2];
                    float a13 = aPanel[aFrom + DEPTH + 3];
                    float a20 = aPanel[aFrom + 2 * DEPTH];
                    float a21 = aPanel[aFrom + 2 * DEPTH + 1];
                    float a22 = aPanel[aFrom + 2 * DEPTH + 2];
                    float a23 = aPanel[aFrom + 2 * DEPTH + 3];
                    float a30 = aPanel[aFrom + 3 * DEPTH];
                    float a31 = aPanel[aFrom + 3 * DEPTH + 1];
                    float a32 = aPanel[aFrom + 3 * DEPTH + 2];
                    float a33 = aPanel[aFrom + 3 * DEPTH + 3];
                    int bFrom = p * COLUMNS;
                    int to = i * COLUMNS;
                    for (int j = 0; j < wide; j++) {
                        float b0j = bPanel[bFrom + j];
                        float b1j = bPanel[bFrom + COLUMNS + j];
                        float b2j = bPanel[bFrom + 2 * COLUMNS + j];
                        float b3j = bPanel[bFrom + 3 * COLUMNS + j];
                        float s0 = block[to + j] + a00 * b0j + a01 * b1j + a02 * b2j + a03 * b3j;
                        float s1 =
                                block[to + COLUMNS + j]
                                        + a10 * b0j
                                        + a11 * b1j
                                        + a12 * b2j
                                        + a13 * b3j;
                        float s2 =
                                block[to + 2 * COLUMNS + j]
                                        + a20 * b0j
                                        + a21 * b1j
                                        + a22 * b2j
                                        + a23 * b3j;
                        float s3 =
                                block[to + 3 * COLUMNS + j]
                                        + a30 * b0j
                                        + a31 * b1j
                                        + a32 * b2j
                                        + a33 * b3j;
                        block[to + j] = s0;
                        block[to + COLUMNS + j] = s1;
                        block[to + 2 * COLUMNS + j] = s2;
                        block[to + 3 * COLUMNS + j] = s3;
                    }
                }
            }
        }
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                int at = (row + i) * cRow + (column + j) * cColumn;
                float value = alpha * block[i * COLUMNS + j];
                if (part == 0) {
                    c0[cAt + at] = value;
                } else if (part == 1) {
                    c1[cAt + at] = value;
                } else {
                    c2[cAt + at] = value + d[dAt + at];
                }
            }
        }
    }
}
