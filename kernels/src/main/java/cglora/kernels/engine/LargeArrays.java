package cglora.kernels.engine;

/// Large arrays of the Java heap. A collector rather lets the heap grow than looks for what is
/// dead in it, so that a process would hold what it once needed and not what it needs: here a heap
/// that would have to grow is collected first.
public final class LargeArrays {
    /// Smaller arrays are left to the collector, in bytes.
    private static final long LARGE = 1 << 20;

    /// Free memory that the young generation keeps to itself, in bytes.
    private static final long YOUNG = 24 << 20;

    private LargeArrays() {}

    public static float[] floats(int length) {
        makeRoom((long) length * Float.BYTES);
        return new float[length];
    }

    public static double[] doubles(int length) {
        makeRoom((long) length * Double.BYTES);
        return new double[length];
    }

    private static void makeRoom(long bytes) {
        if (bytes >= LARGE && Runtime.getRuntime().freeMemory() < bytes + YOUNG) {
            System.gc();
        }
    }
}
