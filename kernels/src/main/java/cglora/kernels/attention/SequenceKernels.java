package cglora.kernels.attention;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Whole sequences in another order, as beams that go on from each other.
public final class SequenceKernels {
    public static final Kernel PICK_SEQUENCES =
            Kernel.of(SequenceKernels.class, "pickSequences")
                    .reads("x", "order")
                    .writes("y")
                    .build();

    private SequenceKernels() {}

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
