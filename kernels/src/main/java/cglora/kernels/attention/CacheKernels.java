package cglora.kernels.attention;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// What a decoder keeps of the positions that it has written: keys and values, one row a position.
public final class CacheKernels {
    public static final Kernel STORE_ROWS =
            Kernel.of(CacheKernels.class, "storeRows")
                    .reads("x", "position")
                    .updates("cache")
                    .build();
    public static final Kernel PICK_SEQUENCES =
            Kernel.of(CacheKernels.class, "pickSequences").reads("x", "order").writes("y").build();

    private CacheKernels() {}

    /// `cache[b, position[0]] = x[b]`; the other rows stay. The range is the sequences.
    ///
    /// @param x        [batch, width]
    /// @param position [1], below `positions` (checked on the host)
    /// @param cache    [batch, positions, width]
    public static void storeRows(
            int first,
            int count,
            float[] x,
            int[] position,
            float[] cache,
            int[] at,
            int o,
            int positions,
            int width) {
        for (@Parallel int b = 0; b < count; b++) {
            int xAt = at[o] + (first + b) * width;
            int row = (first + b) * positions + position[at[o + 1]];
            int cacheAt = at[o + 2] + row * width;
            for (int i = 0; i < width; i++) {
                cache[cacheAt + i] = x[xAt + i];
            }
        }
    }

    /// `y[b] = x[order[b]]`, whole sequences. The range is batch · positions.
    ///
    /// @param x     [sequences, positions, width]
    /// @param order [batch], below `sequences` (checked on the host)
    /// @param y     [batch, positions, width]
    public static void pickSequences(
            int first,
            int count,
            float[] x,
            int[] order,
            float[] y,
            int[] at,
            int o,
            int positions,
            int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int sequence = order[at[o + 1] + (first + r) / positions];
            int xAt = at[o] + (sequence * positions + (first + r) % positions) * width;
            int yAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = x[xAt + i];
            }
        }
    }
}
