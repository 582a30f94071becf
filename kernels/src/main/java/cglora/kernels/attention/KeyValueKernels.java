package cglora.kernels.attention;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// What a decoder keeps of the tokens that it has seen: their keys and values, one row a token, so
/// that a new token is all that the next step computes.
public final class KeyValueKernels {
    public static final Kernel KEEP_ROWS =
            Kernel.of(KeyValueKernels.class, "keepRows")
                    .reads("x", "starts")
                    .updates("cache")
                    .build();

    private KeyValueKernels() {}

    /// `cache[b, starts[b] + t] = x[b, t]`; the other rows stay. The range is batch · width rows.
    ///
    /// @param x      [batch · width, size]
    /// @param starts [batch] where each sequence goes on; `starts[b] + width` is at most
    ///     `positions` (checked on the host)
    /// @param cache  [batch · positions, size]
    public static void keepRows(
            int first,
            int count,
            float[] x,
            int[] starts,
            float[] cache,
            int[] at,
            int o,
            int width,
            int positions,
            int size) {
        for (@Parallel int r = 0; r < count; r++) {
            int b = (first + r) / width;
            int row = b * positions + starts[at[o + 1] + b] + (first + r) % width;
            int xAt = at[o] + (first + r) * size;
            int cacheAt = at[o + 2] + row * size;
            for (int i = 0; i < size; i++) {
                cache[cacheAt + i] = x[xAt + i];
            }
        }
    }
}
