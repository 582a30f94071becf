package cglora.kernels.engine;

/// Large arrays of the Java heap. A collector rather lets the heap grow than looks for what is
/// dead in it, so that a process would hold what it once needed and not what it needs: here the
/// heap is collected before it grows beyond what was planned, or beyond what it is.
public final class LargeArrays {
    /// Smaller arrays are left to the collector, in bytes.
    private static final long LARGE = 1 << 20;

    /// Free memory that the young generation keeps to itself, in bytes.
    private static final long YOUNG = 24 << 20;

    private static volatile long allowed;

    private LargeArrays() {}

    /// Up to this size, in bytes, the heap may grow without a collection. 0 for no size.
    public static void allow(long heapBytes) {
        allowed = heapBytes;
    }

    public static float[] floats(int length) {
        makeRoom((long) length * Float.BYTES);
        return new float[length];
    }

    public static int[] ints(int length) {
        makeRoom((long) length * Integer.BYTES);
        return new int[length];
    }

    public static double[] doubles(int length) {
        makeRoom((long) length * Double.BYTES);
        return new double[length];
    }

    private static void makeRoom(long bytes) {
        if (bytes < LARGE) {
            return;
        }
        Runtime runtime = Runtime.getRuntime();
        long held = runtime.totalMemory();
        long limit = allowed > 0 ? allowed : held - YOUNG;
        if (held - runtime.freeMemory() + bytes > limit) {
            System.gc();
        }
    }
}
