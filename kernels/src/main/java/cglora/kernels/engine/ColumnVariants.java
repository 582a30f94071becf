package cglora.kernels.engine;

import java.util.Arrays;

/// Kernels whose range is the columns, with the rows in the outer loop: memory is read in order,
/// and the inner loop over neighbouring columns vectorises.
final class ColumnVariants {
    private ColumnVariants() {}

    static void columnSum(
            int first, int count, float[] x, float[] sum, int[] at, int o, int rows, int columns) {
        int sumAt = at[o + 1] + first;
        Arrays.fill(sum, sumAt, sumAt + count, 0f);
        for (int r = 0; r < rows; r++) {
            int xAt = at[o] + r * columns + first;
            for (int i = 0; i < count; i++) {
                sum[sumAt + i] += x[xAt + i];
            }
        }
    }

    static void layerNormGainGradient(
            int first,
            int count,
            float[] dy,
            float[] normalized,
            float[] dGain,
            int[] at,
            int o,
            int rows,
            int hidden) {
        int gainAt = at[o + 2] + first;
        Arrays.fill(dGain, gainAt, gainAt + count, 0f);
        for (int r = 0; r < rows; r++) {
            int dyAt = at[o] + r * hidden + first;
            int nAt = at[o + 1] + r * hidden + first;
            for (int i = 0; i < count; i++) {
                dGain[gainAt + i] += dy[dyAt + i] * normalized[nAt + i];
            }
        }
    }

    static void embeddingGradient(
            int first,
            int count,
            int[] ids,
            float[] dx,
            float[] dTable,
            int[] at,
            int o,
            int rows,
            int entries,
            int hidden) {
        int tableAt = at[o + 2] + first;
        for (int e = 0; e < entries; e++) {
            int cell = tableAt + e * hidden;
            Arrays.fill(dTable, cell, cell + count, 0f);
        }
        for (int r = 0; r < rows; r++) {
            int cell = tableAt + ids[at[o] + r] * hidden;
            int dxAt = at[o + 1] + r * hidden + first;
            for (int i = 0; i < count; i++) {
                dTable[cell + i] += dx[dxAt + i];
            }
        }
    }

    static void meanPool(
            int first,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int width,
            int hidden) {
        for (int b = first; b < first + count; b++) {
            int yAt = at[o + 2] + b * hidden;
            int length = lengths[at[o + 1] + b];
            Arrays.fill(y, yAt, yAt + hidden, 0f);
            for (int t = 0; t < length; t++) {
                int xAt = at[o] + (b * width + t) * hidden;
                for (int i = 0; i < hidden; i++) {
                    y[yAt + i] += x[xAt + i];
                }
            }
            float inverse = 1f / Math.max(length, 1);
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] *= inverse;
            }
        }
    }
}
