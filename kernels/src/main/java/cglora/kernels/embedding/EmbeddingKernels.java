package cglora.kernels.embedding;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Embedding tables: a token's word row, alone or with its position's, with or without its type's,
/// and their gradients.
public final class EmbeddingKernels {
    public static final Kernel EMBEDDING_SUM =
            Kernel.of(EmbeddingKernels.class, "embeddingSum")
                    .reads("words", "positions", "types", "word", "position", "type")
                    .writes("y")
                    .build();
    public static final Kernel EMBEDDING_PAIR =
            Kernel.of(EmbeddingKernels.class, "embeddingPair")
                    .reads("words", "positions", "word", "position")
                    .writes("y")
                    .build();
    public static final Kernel EMBEDDING_ROWS =
            Kernel.of(EmbeddingKernels.class, "embeddingRows")
                    .reads("words", "word")
                    .writes("y")
                    .build();
    public static final Kernel EMBEDDING_GRADIENT =
            Kernel.of(EmbeddingKernels.class, "embeddingGradient")
                    .reads("ids", "dx")
                    .updates("dTable")
                    .build();

    private EmbeddingKernels() {}

    /// `y = word[words] + position[positions] + type[types]`. The range is the tokens.
    ///
    /// @param words     [rows] indices, checked on the host
    /// @param positions [rows]
    /// @param types     [rows]
    /// @param word      [vocabulary, hidden]
    /// @param position  [positions, hidden]
    /// @param type      [types, hidden]
    /// @param y         [rows, hidden]
    public static void embeddingSum(
            int first,
            int count,
            int[] words,
            int[] positions,
            int[] types,
            float[] word,
            float[] position,
            float[] type,
            float[] y,
            int[] at,
            int o,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int wordAt = at[o + 3] + words[at[o] + first + r] * hidden;
            int positionAt = at[o + 4] + positions[at[o + 1] + first + r] * hidden;
            int typeAt = at[o + 5] + types[at[o + 2] + first + r] * hidden;
            int yAt = at[o + 6] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = word[wordAt + i] + position[positionAt + i] + type[typeAt + i];
            }
        }
    }

    /// `y = word[words] + position[positions]`. The range is the tokens.
    ///
    /// @param words     [rows] indices, checked on the host
    /// @param positions [rows]
    /// @param word      [vocabulary, hidden]
    /// @param position  [positions, hidden]
    /// @param y         [rows, hidden]
    public static void embeddingPair(
            int first,
            int count,
            int[] words,
            int[] positions,
            float[] word,
            float[] position,
            float[] y,
            int[] at,
            int o,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int wordAt = at[o + 2] + words[at[o] + first + r] * hidden;
            int positionAt = at[o + 3] + positions[at[o + 1] + first + r] * hidden;
            int yAt = at[o + 4] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = word[wordAt + i] + position[positionAt + i];
            }
        }
    }

    /// `y = word[words]`. The range is the tokens.
    ///
    /// @param words [rows] indices, checked on the host
    /// @param word  [vocabulary, hidden]
    /// @param y     [rows, hidden]
    public static void embeddingRows(
            int first,
            int count,
            int[] words,
            float[] word,
            float[] y,
            int[] at,
            int o,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int wordAt = at[o + 1] + words[at[o] + first + r] * hidden;
            int yAt = at[o + 2] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = word[wordAt + i];
            }
        }
    }

    /// `dTable[v] = Σ dx` over the tokens whose id is `v`. The range is the columns, so that no two
    /// threads meet in one cell and the order of the sum is fixed.
    ///
    /// @param ids    [rows]
    /// @param dx     [rows, hidden]
    /// @param dTable [entries, hidden], overwritten
    public static void embeddingGradient(
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
        for (@Parallel int i = 0; i < count; i++) {
            int dxAt = at[o + 1] + first + i;
            int tableAt = at[o + 2] + first + i;
            for (int e = 0; e < entries; e++) {
                dTable[tableAt + e * hidden] = 0f;
            }
            for (int r = 0; r < rows; r++) {
                int cell = tableAt + ids[at[o] + r] * hidden;
                dTable[cell] = dTable[cell] + dx[dxAt + r * hidden];
            }
        }
    }
}
