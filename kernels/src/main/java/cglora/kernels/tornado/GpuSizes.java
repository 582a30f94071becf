package cglora.kernels.tornado;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;

/// Sizes of the variants for GPUs: those of the device's profile, as far as the device's limits
/// allow them. All are powers of two.
///
/// @param items         work items of a work group of rows or columns, at most [#MOST_ITEMS]
/// @param productSide   rows and columns of work items of a product's work group, `matmul.tile`
/// @param attentionSide queries and keys of a tile of scores, `attention.tile`
/// @param localMemory   bytes of local memory that a work group may take
record GpuSizes(int items, int productSide, int attentionSide, long localMemory) {
    /// What the local arrays of reductions hold.
    static final int MOST_ITEMS = 256;

    /// What the local arrays of products and attention hold.
    static final int LARGEST_SIDE = 16;

    /// Smaller sides leave parts of the results out.
    private static final int SMALLEST_SIDE = 8;

    private static final int USUAL_ITEMS = 128;

    /// Where nothing is known of the device.
    static final GpuSizes USUAL =
            new GpuSizes(USUAL_ITEMS, LARGEST_SIDE, LARGEST_SIDE, Long.MAX_VALUE);

    static GpuSizes of(DeviceProfile profile, DeviceInfo device) {
        int asked = profile.workGroup() == 0 ? USUAL_ITEMS : profile.workGroup();
        long wide = Math.min(MOST_ITEMS, Grid.widest(device));
        return new GpuSizes(
                powerOfTwo(Math.min(asked, wide)),
                side(profile.size("matmul.tile", LARGEST_SIDE), device),
                side(profile.size("attention.tile", LARGEST_SIDE), device),
                device.localMemory() > 0 ? device.localMemory() : Long.MAX_VALUE);
    }

    private static int side(int asked, DeviceInfo device) {
        boolean large = asked >= LARGEST_SIDE && Grid.allows(device, LARGEST_SIDE, LARGEST_SIDE);
        return large ? LARGEST_SIDE : SMALLEST_SIDE;
    }

    private static int powerOfTwo(long most) {
        return Integer.highestOneBit((int) Math.max(1, most));
    }

    /// A work group for each row.
    Grid rows(int rows) {
        return new Grid(rows * items, 1, items, 1);
    }
}
