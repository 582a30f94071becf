package cglora.models.training;

import cglora.models.data.Batch;
import java.util.List;
import java.util.stream.IntStream;

/// How much of a layer sketches keep.
///
/// @param inputColumns    random columns that inputs meet for their factor
/// @param outputColumns   random columns that output gradients meet for theirs
/// @param gradientColumns k: columns that a gradient meets on the side of its inputs, and twice as
///     many on the other; 0 for the gradient itself
public record SketchSizes(int inputColumns, int outputColumns, int gradientColumns) {
    /// Parts of the batches, each as large as all before it: an eighth, an eighth, a quarter, half.
    private static final int PARTS = 4;

    /// The gradient itself, and sketches of the factors.
    ///
    /// @param columns of each sketch
    public static SketchSizes ofFactors(int columns) {
        return new SketchSizes(columns, columns, 0);
    }

    /// Of the gradient too no more than thin factors.
    ///
    /// @param rank that is looked for: twice as many columns
    public static SketchSizes thin(int rank) {
        return new SketchSizes(32, 64, Math.max(16, 2 * rank));
    }

    /// Whether there is no gradient but as thin factors.
    public boolean isThin() {
        return gradientColumns > 0;
    }

    /// l: columns that a gradient meets on the side of its outputs.
    int outputGradientColumns(int side) {
        return Math.min(2 * gradientColumns, side);
    }

    /// No more columns than the smallest side of a layer.
    SketchSizes atMost(int side) {
        return new SketchSizes(
                Math.min(inputColumns, side),
                Math.min(outputColumns, side),
                Math.min(gradientColumns, side));
    }

    /// All batches at once, or the parts in which thin gradients are followed. Every part has
    /// batches of all lengths, where they are sorted by length.
    List<List<Batch>> parts(List<Batch> batches) {
        if (!isThin()) {
            return List.of(batches);
        }
        return IntStream.range(0, PARTS)
                .mapToObj(
                        part ->
                                IntStream.range(0, batches.size())
                                        .filter(place -> part(place) == part)
                                        .mapToObj(batches::get)
                                        .toList())
                .filter(part -> !part.isEmpty())
                .toList();
    }

    private static int part(int place) {
        return switch (place % 8) {
            case 0 -> 0;
            case 4 -> 1;
            case 2, 6 -> 2;
            default -> 3;
        };
    }
}
