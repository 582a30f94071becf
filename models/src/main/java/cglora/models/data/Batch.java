package cglora.models.data;

/// Examples padded to one width. Rows beyond `examples.length` are empty: they fill the batch to
/// the size that the programs have.
///
/// @param rows     sequences, those that are empty included
/// @param width    positions a sequence
/// @param examples places of the examples in their data set: one a row but where rows are packed,
///     which hold several
/// @param inputIds [rows · width]
/// @param typeIds  [rows · width]
/// @param lengths  [rows] tokens of each sequence, 0 for an empty row
/// @param labels   [rows], -1 for an empty row
/// @param targets  [rows]
/// @param target   the tokens that the model is to give; null where the answer is a class or number
/// @param starts   [rows · width] where in its row the example of each token begins, `width` for
///     padding; null where rows are not packed
public record Batch(
        int rows,
        int width,
        int[] examples,
        int[] inputIds,
        int[] typeIds,
        int[] lengths,
        int[] labels,
        float[] targets,
        TokenTargets target,
        int[] starts) {

    /// A batch with an example a row.
    public Batch(
            int rows,
            int width,
            int[] examples,
            int[] inputIds,
            int[] typeIds,
            int[] lengths,
            int[] labels,
            float[] targets,
            TokenTargets target) {
        this(rows, width, examples, inputIds, typeIds, lengths, labels, targets, target, null);
    }

    /// A batch whose answers are classes or numbers.
    public Batch(
            int rows,
            int width,
            int[] examples,
            int[] inputIds,
            int[] typeIds,
            int[] lengths,
            int[] labels,
            float[] targets) {
        this(rows, width, examples, inputIds, typeIds, lengths, labels, targets, null);
    }

    public BatchShape shape() {
        return new BatchShape(rows, width, target == null ? 0 : target.width(), starts != null);
    }

    /// The position of each token in its example, [rows · width]; 0 for padding. Of packed rows.
    public int[] positions() {
        int[] positions = new int[starts.length];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = Math.max(0, i % width - starts[i]);
        }
        return positions;
    }

    /// How many terms its loss has: examples, or the tokens that are asked for.
    public int terms() {
        return target == null ? examples.length : target.count();
    }

    /// The class of each term of its loss: of an example, or of a token; -1 for none.
    public int[] classes() {
        return target == null ? labels : target.labels();
    }

    /// The weights of its loss.
    ///
    /// @param each of a term that is there
    public float[] weights(float each) {
        if (target == null) {
            float[] weights = new float[rows];
            java.util.Arrays.fill(weights, 0, examples.length, each);
            return weights;
        }
        float[] weights = new float[target.tokens().length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = target.tokens()[i] < 0 ? 0 : each;
        }
        return weights;
    }

    /// Number of real tokens, without those that are asked for.
    public int tokens() {
        int sum = 0;
        for (int length : lengths) {
            sum += length;
        }
        return sum;
    }

    /// Rows of each sequence that are no padding, [rows].
    public int[] lengths(TokenStream stream) {
        int[] of = new int[rows];
        for (int row = 0; row < rows; row++) {
            of[row] =
                    switch (stream) {
                        case SOURCE -> lengths[row];
                        case TARGET -> target.length(row);
                        case EXAMPLES -> row < examples.length ? 1 : 0;
                    };
        }
        return of;
    }

    /// The same sequences, where the loss asks for other tokens than those that stand there.
    ///
    /// @param others [rows] tokens, one each that is asked for
    public Batch asking(int[][] others) {
        var asked = new TokenTargets(target.width(), target.tokens(), target.labels().clone());
        for (int row = 0; row < examples.length; row++) {
            asked.ask(row, others[row]);
        }
        return new Batch(rows, width, examples, inputIds, typeIds, lengths, labels, targets, asked);
    }

    /// The same sequences with other answers.
    ///
    /// @param all        labels by the examples' places in their data set
    /// @param allTargets targets, likewise
    public Batch relabelled(int[] all, float[] allTargets) {
        int[] newLabels = labels.clone();
        float[] newTargets = targets.clone();
        for (int row = 0; row < examples.length; row++) {
            newLabels[row] = all[examples[row]];
            newTargets[row] = allTargets[examples[row]];
        }
        return new Batch(
                rows, width, examples, inputIds, typeIds, lengths, newLabels, newTargets, target);
    }
}
