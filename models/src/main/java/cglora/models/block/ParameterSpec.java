package cglora.models.block;

import cglora.models.graph.Shape;

/// A parameter of a model, as its checkpoint names it.
///
/// @param name  path in the task's class, `bert.encoder.layer.0.output.dense.weight`
/// @param shape its shape
/// @param kind  what it is, which decides about weight decay
public record ParameterSpec(String name, Shape shape, Kind kind) {
    /// What a parameter is.
    public enum Kind {
        /// A matrix of a linear layer or an embedding table: decays.
        MATRIX,
        /// A bias, a gain or a shift: does not decay.
        VECTOR
    }

    public static ParameterSpec matrix(String name, int rows, int columns) {
        return new ParameterSpec(name, Shape.of(rows, columns), Kind.MATRIX);
    }

    public static ParameterSpec vector(String name, int length) {
        return new ParameterSpec(name, Shape.of(length), Kind.VECTOR);
    }

    /// Number of elements.
    public long size() {
        return shape.size();
    }

    /// A copy of the shape's extents.
    public int[] extents() {
        int[] extents = new int[shape.rank()];
        for (int i = 0; i < extents.length; i++) {
            extents[i] = shape.extent(i);
        }
        return extents;
    }
}
