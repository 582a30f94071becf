package cglora.kernels.storage;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Frozen weights that are kept as bfloat16, two in an `int` (see
/// [cglora.kernels.math.Bfloat16]): a device's compiler gets narrower arrays wrong. All of a matrix
/// is widened, or the rows of an embedding table that tokens ask for. Widening is exact.
public final class Bfloat16Kernels {
    public static final Kernel WIDEN_BFLOAT16 =
            Kernel.of(Bfloat16Kernels.class, "widenBfloat16").reads("packed").updates("y").build();
    public static final Kernel BFLOAT16_EMBEDDING_SUM =
            Kernel.of(Bfloat16Kernels.class, "bfloat16EmbeddingSum")
                    .reads("words", "positions", "types", "word", "position", "type")
                    .writes("y")
                    .build();
    public static final Kernel BFLOAT16_EMBEDDING_PAIR =
            Kernel.of(Bfloat16Kernels.class, "bfloat16EmbeddingPair")
                    .reads("words", "positions", "word", "position")
                    .writes("y")
                    .build();
    public static final Kernel BFLOAT16_EMBEDDING_ROWS =
            Kernel.of(Bfloat16Kernels.class, "bfloat16EmbeddingRows")
                    .reads("words", "word")
                    .writes("y")
                    .build();

    private Bfloat16Kernels() {}

    /// `y[w] = lower half of packed[w]`, `y[w + pairs] = its upper half`. The range is the words.
    ///
    /// @param packed [pairs]
    /// @param y      [length]
    /// @param length numbers
    /// @param pairs  words: `(length + 1) / 2`
    public static void widenBfloat16(
            int first, int count, int[] packed, float[] y, int[] at, int o, int length, int pairs) {
        for (@Parallel int w = 0; w < count; w++) {
            int word = packed[at[o] + first + w];
            y[at[o + 1] + first + w] = FloatMath.bfloat16(word & 0xFFFF);
            if (first + w + pairs < length) {
                y[at[o + 1] + first + w + pairs] = FloatMath.bfloat16((word >> 16) & 0xFFFF);
            }
        }
    }

    /// [cglora.kernels.embedding.EmbeddingKernels#embeddingSum] over a table of words in bfloat16.
    ///
    /// @param word [pairs] `[vocabulary, hidden]` in pairs
    public static void bfloat16EmbeddingSum(
            int first,
            int count,
            int[] words,
            int[] positions,
            int[] types,
            int[] word,
            float[] position,
            float[] type,
            float[] y,
            int[] at,
            int o,
            int hidden,
            int pairs) {
        for (@Parallel int r = 0; r < count; r++) {
            int row = words[at[o] + first + r] * hidden;
            int positionAt = at[o + 4] + positions[at[o + 1] + first + r] * hidden;
            int typeAt = at[o + 5] + types[at[o + 2] + first + r] * hidden;
            int yAt = at[o + 6] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                int upper = row + i < pairs ? 0 : 1;
                int pair = word[at[o + 3] + row + i - upper * pairs];
                int bits = upper == 0 ? pair & 0xFFFF : (pair >> 16) & 0xFFFF;
                y[yAt + i] = FloatMath.bfloat16(bits) + position[positionAt + i] + type[typeAt + i];
            }
        }
    }

    /// [cglora.kernels.embedding.EmbeddingKernels#embeddingPair] over a table of words in bfloat16.
    ///
    /// @param word [pairs] `[vocabulary, hidden]` in pairs
    public static void bfloat16EmbeddingPair(
            int first,
            int count,
            int[] words,
            int[] positions,
            int[] word,
            float[] position,
            float[] y,
            int[] at,
            int o,
            int hidden,
            int pairs) {
        for (@Parallel int r = 0; r < count; r++) {
            int row = words[at[o] + first + r] * hidden;
            int positionAt = at[o + 3] + positions[at[o + 1] + first + r] * hidden;
            int yAt = at[o + 4] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                int upper = row + i < pairs ? 0 : 1;
                int pair = word[at[o + 2] + row + i - upper * pairs];
                int bits = upper == 0 ? pair & 0xFFFF : (pair >> 16) & 0xFFFF;
                y[yAt + i] = FloatMath.bfloat16(bits) + position[positionAt + i];
            }
        }
    }

    /// [cglora.kernels.embedding.EmbeddingKernels#embeddingRows] of a table in bfloat16.
    ///
    /// @param word [pairs] `[vocabulary, hidden]` in pairs
    public static void bfloat16EmbeddingRows(
            int first,
            int count,
            int[] words,
            int[] word,
            float[] y,
            int[] at,
            int o,
            int hidden,
            int pairs) {
        for (@Parallel int r = 0; r < count; r++) {
            int row = words[at[o] + first + r] * hidden;
            int yAt = at[o + 2] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                int upper = row + i < pairs ? 0 : 1;
                int pair = word[at[o + 1] + row + i - upper * pairs];
                int bits = upper == 0 ? pair & 0xFFFF : (pair >> 16) & 0xFFFF;
                y[yAt + i] = FloatMath.bfloat16(bits);
            }
        }
    }
}
