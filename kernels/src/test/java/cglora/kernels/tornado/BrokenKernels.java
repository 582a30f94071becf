package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Kernels that a device cannot run, each in another way: all but the last are `y = ⌊x⌋` in Java.
public final class BrokenKernels {
    /// TornadoVM has no translation of `Math.floor`.
    static final Kernel UNTRANSLATED = kernel("floorUntranslated");

    /// TornadoVM makes no task of it: its parallel loop begins at a variable.
    static final Kernel NO_TASK = kernel("floorFromFirst");

    /// The driver's compiler refuses the source: the name is a word of OpenCL C.
    static final Kernel REFUSED = kernel("typedef");

    /// The driver crashes: the name is that of a built-in function.
    static final Kernel CRASHING = kernel("exp");

    private BrokenKernels() {}

    private static Kernel kernel(String name) {
        return Kernel.of(BrokenKernels.class, name).reads("x").writes("y").build();
    }

    public static void floorUntranslated(
            int first, int count, float[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = (float) Math.floor(x[at[o] + first + i]);
        }
    }

    public static void floorFromFirst(int first, int count, float[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = first; i < first + count; i++) {
            y[at[o + 1] + i] = (int) x[at[o] + i];
        }
    }

    public static void typedef(int first, int count, float[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = (int) x[at[o] + first + i];
        }
    }

    public static void exp(int first, int count, float[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = (int) x[at[o] + first + i];
        }
    }

    /// A variant of the kernel of that name that wants 128 MiB of local memory.
    public static void addInto(
            KernelContext context,
            int count,
            float[] x,
            float[] sum,
            int[] at,
            int o,
            float scale) {
        float[] shared = context.allocateFloatLocalArray(1 << 25);
        int i = context.globalIdx;
        int far = context.localIdx << 20;
        shared[far] = x[at[o] + i];
        context.localBarrier();
        sum[at[o + 1] + i] = sum[at[o + 1] + i] + scale * shared[far];
    }
}
