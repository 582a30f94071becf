package cglora.kernels.tornado;

/// Work sizes of a launch, in work items: a device runs `globalX · globalY` of them, in groups of
/// `localX · localY` that share local memory.
public record Grid(int globalX, int globalY, int localX, int localY) {
    public Grid {
        if (localX < 1
                || localY < 1
                || globalX < 1
                || globalY < 1
                || globalX % localX != 0
                || globalY % localY != 0) {
            throw new IllegalArgumentException(
                    "groups of %d × %d in a range of %d × %d"
                            .formatted(localX, localY, globalX, globalY));
        }
    }

    /// Groups of one work item.
    static Grid groups(int x, int y) {
        return new Grid(x, y, 1, 1);
    }

    /// How many blocks of `size` cover `length`; at least one, since a device has no empty range.
    static int blocks(int length, int size) {
        return Math.max(1, (length + size - 1) / size);
    }
}
