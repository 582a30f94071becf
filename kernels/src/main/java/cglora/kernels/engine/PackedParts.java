package cglora.kernels.engine;

import cglora.kernels.math.Bfloat16;

/// Fills words of bfloat16 from parts of float32, as [Bfloat16] keeps them.
public final class PackedParts {
    /// Numbers of a part: 4 MiB in float32.
    public static final int PART = 1 << 20;

    private PackedParts() {}

    /// @param n     how many numbers
    /// @param words for them, the first word at `at`
    public static void fill(int n, int[] words, int at, Engine.PartFiller filler) {
        int half = Bfloat16.words(n);
        var part = new float[Math.min(PART, half)];
        half(0, half, n, words, at, part, filler);
        half(half, n, n, words, at, part, filler);
    }

    private static void half(
            int from, int to, int n, int[] words, int at, float[] part, Engine.PartFiller filler) {
        for (int first = from; first < to; first += part.length) {
            int count = Math.min(part.length, to - first);
            filler.fill(first, count, part, 0);
            Bfloat16.pack(n, words, at, first, part, count);
        }
    }
}
