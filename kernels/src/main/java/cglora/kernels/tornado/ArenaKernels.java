package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Kernels that move data between the arenas on a device and the arrays that travel.
public final class ArenaKernels {
    /// Copies a part whose place and length come with each execution.
    public static final Kernel COPY_PART =
            Kernel.of(ArenaKernels.class, "copyPart")
                    .reads("x")
                    .updates("y")
                    .packs("length")
                    .build();

    /// Collects elements from anywhere.
    public static final Kernel GATHER_INTO =
            Kernel.of(ArenaKernels.class, "gatherInto").reads("x", "index").writes("y").build();

    /// Reads and writes an arena, so that TornadoVM uploads and keeps it.
    public static final Kernel TOUCH_FLOATS =
            Kernel.of(ArenaKernels.class, "touchFloats").updates("x").packs("zero").build();

    /// Reads words, which hold weights of bfloat16, so that TornadoVM uploads and keeps them.
    public static final Kernel READ_WORDS =
            Kernel.of(ArenaKernels.class, "readWords")
                    .reads("x")
                    .updates("y")
                    .packs("factor")
                    .build();

    private ArenaKernels() {}

    /// `y = x` in the first `length` elements of a range that may be longer.
    public static void copyPart(int first, int count, float[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            if (first + i < at[o + 2]) {
                y[at[o + 1] + first + i] = x[at[o] + first + i];
            }
        }
    }

    /// `y[i] = x[index[i]]`.
    public static void gatherInto(
            int first, int count, float[] x, int[] index, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 2] + first + i] = x[at[o] + index[at[o + 1] + first + i]];
        }
    }

    /// `x = x + zero`, of which no compiler knows that it is 0.
    public static void touchFloats(int first, int count, float[] x, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            x[at[o] + first + i] = x[at[o] + first + i] + at[o + 1];
        }
    }

    /// `y = y + factor · x`, of which no compiler knows that the factor is 0.
    public static void readWords(int first, int count, int[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = y[at[o + 1] + first + i] + at[o + 2] * x[at[o] + first + i];
        }
    }
}
