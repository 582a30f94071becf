package cglora.kernels.reduction;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// The likeliest of many: what a generated token is chosen by.
public final class ChoiceKernels {
    public static final Kernel ROW_ARG_MAX =
            Kernel.of(ChoiceKernels.class, "rowArgMax").reads("x").writes("index").build();

    private ChoiceKernels() {}

    /// `index[r]`, the column of the largest element of row `r`, the first of equals; a float holds
    /// it exactly up to 2²⁴ columns. The range is the rows.
    ///
    /// @param x     [rows, columns]
    /// @param index [rows]
    public static void rowArgMax(
            int first, int count, float[] x, float[] index, int[] at, int o, int columns) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * columns;
            float largest = x[xAt];
            int best = 0;
            for (int c = 1; c < columns; c++) {
                float value = x[xAt + c];
                best = value > largest ? c : best;
                largest = value > largest ? value : largest;
            }
            index[at[o + 1] + first + r] = best;
        }
    }
}
