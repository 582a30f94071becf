package cglora.kernels.check;

/// Which elements a dropout takes, in arithmetic of unsigned numbers.
public final class Dropout64 {
    private Dropout64() {}

    /// The number that decides a dropout: MurmurHash3's finaliser in unsigned 32-bit arithmetic,
    /// twice, and its 24 high bits as a number in [0, 1).
    public static double uniform(int seed, int key, int index) {
        long place = (Integer.toUnsignedLong(seed) * 0x9E3779B1L + key) & 0xFFFFFFFFL;
        long element = (Integer.toUnsignedLong(index) * 0x85EBCA77L) & 0xFFFFFFFFL;
        return (finalize32(finalize32(place) ^ element) >>> 8) / 16777216.0;
    }

    private static long finalize32(long value) {
        long h = value;
        h = ((h ^ (h >>> 16)) * 0x85EBCA6BL) & 0xFFFFFFFFL;
        h = ((h ^ (h >>> 13)) * 0xC2B2AE35L) & 0xFFFFFFFFL;
        return h ^ (h >>> 16);
    }
}
