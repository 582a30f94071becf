package cglora.models.data;

/// The sizes that a program for a batch depends on.
///
/// @param rows        sequences
/// @param width       positions a sequence
/// @param targetWidth positions of the tokens that the model is to give; 0 for none
/// @param packed      whether a row holds several examples
public record BatchShape(int rows, int width, int targetWidth, boolean packed) {
    /// Of rows that are one example each.
    public BatchShape(int rows, int width, int targetWidth) {
        this(rows, width, targetWidth, false);
    }

    /// Of a batch whose answers are classes or numbers.
    public static BatchShape of(int rows, int width) {
        return new BatchShape(rows, width, 0);
    }

    /// What activations grow with.
    public long size() {
        return (long) rows * (width + targetWidth);
    }

    @Override
    public String toString() {
        return rows
                + "×"
                + width
                + (targetWidth == 0 ? "" : "+" + targetWidth)
                + (packed ? " packed" : "");
    }
}
