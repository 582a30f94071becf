package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// The one body of all dense products on a CPU device: a work group of one work item computes a
/// block of [#ROWS] × [#COLUMNS] of the result from panels copied to local arrays.
///
/// TornadoVM computes addresses in global memory as integers, so that no compiler sees that
/// neighbouring loads are adjacent; a local array is an array of C, and the innermost loop here,
/// sixteen products an iteration, is vectorised by every OpenCL compiler that was tried. A block
/// of accumulators in registers instead is no faster and takes ten times as long to compile. The
/// local arrays must stay in this method: a method that is given one is compiled with byte offsets
/// for indices.
final class CpuProduct {
    /// Rows of a block.
    static final int ROWS = 128;

    /// Columns of a block.
    static final int COLUMNS = 256;

    /// Length of a panel. The three arrays together take 224 KiB: Intel's runtime offers 256.
    private static final int DEPTH = 64;

    private CpuProduct() {}

    /// One work group for each block of a result of `rows` × `columns`.
    static Grid grid(int rows, int columns) {
        return Grid.groups(Grid.blocks(columns, COLUMNS), Grid.blocks(rows, ROWS));
    }

    /// `c[i, j] = alpha · Σ a[i, p] · b[p, j] + beta · d[i, j]` with beta 1 or 0; `a[i, p]` is
    /// `a[aAt + i · aRow + p · aStep]`, `b[p, j]` is `b[bAt + p · bStep + j · bColumn]`, `c` is
    /// [m, n], `d[i, j]` is `d[dAt + i · dRow + j]`. `d` is not read where beta is 0, and may be
    /// `c`.
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
            int beta) {
        float[] aPanel = context.allocateFloatLocalArray(ROWS * DEPTH);
        float[] bPanel = context.allocateFloatLocalArray(DEPTH * COLUMNS);
        float[] block = context.allocateFloatLocalArray(ROWS * COLUMNS);
        int row = context.groupIdy * ROWS;
        int column = context.groupIdx * COLUMNS;
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
            // eight steps at once: both ways round, whole lines of cache are used
            for (int p = 0; p < whole; p += 8) {
                for (int i = 0; i < rows; i++) {
                    int from = aAt + (row + i) * aRow + (start + p) * aStep;
                    int to = i * DEPTH + p;
                    aPanel[to] = a[from];
                    aPanel[to + 1] = a[from + aStep];
                    aPanel[to + 2] = a[from + 2 * aStep];
                    aPanel[to + 3] = a[from + 3 * aStep];
                    aPanel[to + 4] = a[from + 4 * aStep];
                    aPanel[to + 5] = a[from + 5 * aStep];
                    aPanel[to + 6] = a[from + 6 * aStep];
                    aPanel[to + 7] = a[from + 7 * aStep];
                }
                for (int j = 0; j < columns; j++) {
                    int from = bAt + (start + p) * bStep + (column + j) * bColumn;
                    int to = p * COLUMNS + j;
                    bPanel[to] = b[from];
                    bPanel[to + COLUMNS] = b[from + bStep];
                    bPanel[to + 2 * COLUMNS] = b[from + 2 * bStep];
                    bPanel[to + 3 * COLUMNS] = b[from + 3 * bStep];
                    bPanel[to + 4 * COLUMNS] = b[from + 4 * bStep];
                    bPanel[to + 5 * COLUMNS] = b[from + 5 * bStep];
                    bPanel[to + 6 * COLUMNS] = b[from + 6 * bStep];
                    bPanel[to + 7 * COLUMNS] = b[from + 7 * bStep];
                }
            }
            for (int p = whole; p < padded; p++) {
                for (int i = 0; i < rows; i++) {
                    aPanel[i * DEPTH + p] = 0f;
                }
                for (int j = 0; j < wide; j++) {
                    bPanel[p * COLUMNS + j] = 0f;
                }
            }
            for (int p = whole; p < depth; p++) {
                for (int i = 0; i < rows; i++) {
                    aPanel[i * DEPTH + p] = a[aAt + (row + i) * aRow + (start + p) * aStep];
                }
                for (int j = 0; j < columns; j++) {
                    bPanel[p * COLUMNS + j] = b[bAt + (start + p) * bStep + (column + j) * bColumn];
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
                        float b0 = bPanel[bFrom + j];
                        float b1 = bPanel[bFrom + COLUMNS + j];
                        float b2 = bPanel[bFrom + 2 * COLUMNS + j];
                        float b3 = bPanel[bFrom + 3 * COLUMNS + j];
                        float s0 = block[to + j] + a00 * b0 + a01 * b1 + a02 * b2 + a03 * b3;
                        float s1 =
                                block[to + COLUMNS + j] + a10 * b0 + a11 * b1 + a12 * b2 + a13 * b3;
                        float s2 =
                                block[to + 2 * COLUMNS + j]
                                        + a20 * b0
                                        + a21 * b1
                                        + a22 * b2
                                        + a23 * b3;
                        float s3 =
                                block[to + 3 * COLUMNS + j]
                                        + a30 * b0
                                        + a31 * b1
                                        + a32 * b2
                                        + a33 * b3;
                        block[to + j] = s0;
                        block[to + COLUMNS + j] = s1;
                        block[to + 2 * COLUMNS + j] = s2;
                        block[to + 3 * COLUMNS + j] = s3;
                    }
                }
            }
        }
        for (int i = 0; i < rows; i++) {
            int from = dAt + (row + i) * dRow + column;
            int to = cAt + (row + i) * n + column;
            for (int j = 0; j < columns; j++) {
                float old = beta == 1 ? d[from + j] : 0f;
                c[to + j] = alpha * block[i * COLUMNS + j] + old;
            }
        }
    }
}
