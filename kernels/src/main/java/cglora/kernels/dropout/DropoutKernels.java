package cglora.kernels.dropout;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Dropout whose decisions depend on the seed, the key of the place and the element's index alone:
/// the same bits on any engine and any number of threads, and the gradient needs no stored mask.
public final class DropoutKernels {
    public static final Kernel DROPOUT =
            Kernel.of(DropoutKernels.class, "dropout").reads("x", "seed").writes("y").build();

    private DropoutKernels() {}

    /// `y = x / (1 − rate)` for the elements that are kept, 0 for the others. The gradient is the
    /// same function of the output's gradient. The range is the elements.
    ///
    /// @param x    [n]
    /// @param seed [1], changes with every step
    /// @param y    [n]
    /// @param key  names the place in the model
    /// @param rate probability of being dropped, in [0, 1)
    public static void dropout(
            int first,
            int count,
            float[] x,
            int[] seed,
            float[] y,
            int[] at,
            int o,
            int key,
            float rate) {
        for (@Parallel int i = 0; i < count; i++) {
            float uniform = uniform(seed[at[o + 1]], key, first + i);
            float kept = uniform < rate ? 0f : 1f / (1f - rate);
            y[at[o + 2] + first + i] = x[at[o] + first + i] * kept;
        }
    }

    /// A number in [0, 1) with 24 bits, from three integers: two rounds of the 32-bit finaliser of
    /// MurmurHash3 (Appleby). Shifts are signed and masked: TornadoVM emits `>>>` as `>>`.
    public static float uniform(int seed, int key, int index) {
        int h = seed * 0x9E3779B1 + key;
        h = mix(h);
        h = mix(h ^ index * 0x85EBCA77);
        return ((h >> 8) & 0xFFFFFF) * 5.9604645e-8f;
    }

    private static int mix(int value) {
        int h = value;
        h = (h ^ ((h >> 16) & 0xFFFF)) * 0x85EBCA6B;
        h = (h ^ ((h >> 13) & 0x7FFFF)) * 0xC2B2AE35;
        return h ^ ((h >> 16) & 0xFFFF);
    }
}
