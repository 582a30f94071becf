package cglora.models.data;

/// The tokens that a model is to give for the sequences of a batch.
///
/// @param width  positions a sequence
/// @param tokens [rows · width], -1 where nothing is asked for
public record TokenTargets(int width, int[] tokens) {
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
}
