package cglora.models.graph;

import java.util.Arrays;

/// Extents of a tensor, row-major: the last one is contiguous.
public final class Shape {
    private final int[] extents;

    private Shape(int[] extents) {
        this.extents = extents;
    }

    public static Shape of(int... extents) {
        for (int extent : extents) {
            if (extent < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(extents));
            }
        }
        return new Shape(extents.clone());
    }

    public int rank() {
        return extents.length;
    }

    public int extent(int axis) {
        return extents[axis];
    }

    /// The last extent; 1 for a scalar.
    public int last() {
        return extents.length == 0 ? 1 : extents[extents.length - 1];
    }

    /// Product of all extents but the last.
    public int rows() {
        return Math.toIntExact(size() / Math.max(last(), 1));
    }

    /// Number of elements.
    public long size() {
        long size = 1;
        for (int extent : extents) {
            size = Math.multiplyExact(size, (long) extent);
        }
        return size;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    @Override
    public String toString() {
        return Arrays.toString(extents);
    }
}
