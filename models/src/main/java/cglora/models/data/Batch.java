package cglora.models.data;

/// Examples padded to one width. Rows beyond `examples.length` are empty: they fill the batch to
/// the size that the programs have.
///
/// @param rows     sequences, those that are empty included
/// @param width    positions a sequence
/// @param examples places of the examples in their data set
/// @param inputIds [rows · width]
/// @param typeIds  [rows · width]
/// @param lengths  [rows] tokens of each sequence, 0 for an empty row
/// @param labels   [rows], -1 for an empty row
/// @param targets  [rows]
public record Batch(
        int rows,
        int width,
        int[] examples,
        int[] inputIds,
        int[] typeIds,
        int[] lengths,
        int[] labels,
        float[] targets) {

    /// Number of real tokens.
    public int tokens() {
        int sum = 0;
        for (int length : lengths) {
            sum += length;
        }
        return sum;
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
        return new Batch(rows, width, examples, inputIds, typeIds, lengths, newLabels, newTargets);
    }
}
