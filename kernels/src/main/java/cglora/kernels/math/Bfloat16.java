package cglora.kernels.math;

/// bfloat16 on the host: the upper half of single precision, 8 bits of precision and all of its
/// range. Numbers of a buffer are kept two in an `int`: of `n` numbers word `w` holds number `w` in
/// its lower half and number `w + words(n)` in its upper half, so that both halves of a buffer are
/// widened side by side.
public final class Bfloat16 {
    /// What rounding changes a number in the normal range by, at most, relative to it: half a unit
    /// in the last of 8 places.
    public static final double ROUNDING = 0x1p-8;

    private Bfloat16() {}

    /// Words that hold so many numbers.
    public static int words(int numbers) {
        return (numbers + 1) / 2;
    }

    /// The bits of the nearest number; of two, the one whose last bit is 0.
    public static int bits(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return bits >>> 16 | 0x40; // stays a NaN
        }
        return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
    }

    /// The number that these 16 bits are.
    public static float value(int bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /// Rounds all of `values` into `words` from `at` on.
    public static void pack(float[] values, int[] words, int at) {
        int count = words(values.length);
        for (int w = 0; w < count; w++) {
            int upper = w + count < values.length ? bits(values[w + count]) : 0;
            words[at + w] = upper << 16 | bits(values[w]);
        }
    }

    /// Rounds some of `n` numbers into `words`, whose first is at `at`.
    ///
    /// @param n      how many numbers the words hold in all
    /// @param first  number of the first that is given
    /// @param values those from `first` on, so many as are inside one half of the numbers
    public static void pack(int n, int[] words, int at, int first, float[] values, int count) {
        int half = words(n);
        boolean upper = first >= half;
        int w = at + (upper ? first - half : first);
        for (int i = 0; i < count; i++, w++) {
            int bits = bits(values[i]);
            words[w] = upper ? words[w] & 0xFFFF | bits << 16 : words[w] & 0xFFFF0000 | bits;
        }
    }

    /// Widens `count` of `n` numbers, from the one numbered `first` on, into `values` from `offset`
    /// on.
    ///
    /// @param words hold them, the first word at `at`
    public static void unpack(
            int n, int[] words, int at, int first, float[] values, int offset, int count) {
        int half = words(n);
        int lower = Math.clamp((long) half - first, 0, count);
        for (int i = 0; i < lower; i++) {
            values[offset + i] = value(words[at + first + i] & 0xFFFF);
        }
        for (int i = lower; i < count; i++) {
            values[offset + i] = value(words[at + first + i - half] >>> 16);
        }
    }

    /// Widens as many numbers as `values` holds from `words`, from `at` on.
    public static void unpack(int[] words, int at, float[] values) {
        unpack(values.length, words, at, 0, values, 0, values.length);
    }
}
