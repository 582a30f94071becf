package cglora.models.data;

import java.util.stream.IntStream;

/// The tokens, or the classes of tokens, that a model is to give for the sequences of a batch.
///
/// @param width  positions a sequence
/// @param tokens [rows · width] what stands there, -1 where nothing is asked for
/// @param labels [rows · width] what the loss asks for at the same places: `tokens`, or others that
///     were drawn. A decoder reads `tokens` in any case
/// @param places [rows · width] the position in its row behind which each token stands, -1 where
///     nothing is asked for; null where these are the ends of the sequences
public record TokenTargets(int width, int[] tokens, int[] labels, int[] places) {
    /// Tokens at the ends of their sequences.
    public TokenTargets(int width, int[] tokens, int[] labels) {
        this(width, tokens, labels, null);
    }

    /// The loss asks for what stands there.
    public TokenTargets(int width, int[] tokens) {
        this(width, tokens, tokens);
    }

    /// Positions of which a token is asked for.
    public int count() {
        int count = 0;
        for (int token : tokens) {
            count += token >= 0 ? 1 : 0;
        }
        return count;
    }

    /// The tokens of one sequence up to the last one asked for.
    public int length(int row) {
        int length = width;
        while (length > 0 && tokens[row * width + length - 1] < 0) {
            length--;
        }
        return length;
    }

    /// Which positions of a sequence a token is asked for at.
    public int[] asked(int row) {
        return IntStream.range(0, width).filter(i -> tokens[row * width + i] >= 0).toArray();
    }

    /// The same tokens, where the loss asks for others.
    ///
    /// @param row    of the batch
    /// @param others one a token of the row that is asked for
    void ask(int row, int[] others) {
        int next = 0;
        for (int i = row * width; i < (row + 1) * width; i++) {
            if (tokens[i] >= 0) {
                labels[i] = others[next++];
            }
        }
    }
}
