package cglora.kernels.tornado;

import cglora.kernels.device.DeviceInfo;

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

    /// Whether the device runs work groups of this size; what it does not tell is no limit.
    static boolean allows(DeviceInfo device, int x, int y) {
        return (long) x * y <= limit(device.maxWorkGroup())
                && x <= widest(device)
                && (device.maxWorkItems().size() < 2 || y <= limit(device.maxWorkItems().get(1)));
    }

    /// The largest work group in one dimension.
    static long widest(DeviceInfo device) {
        long first = device.maxWorkItems().isEmpty() ? 0 : device.maxWorkItems().getFirst();
        return Math.min(limit(device.maxWorkGroup()), limit(first));
    }

    private static long limit(long told) {
        return told > 0 ? told : Integer.MAX_VALUE;
    }
}
