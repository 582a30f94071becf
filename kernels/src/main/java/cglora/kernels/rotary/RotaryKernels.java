package cglora.kernels.rotary;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Rotary position embeddings (Su et al., arXiv 2104.09864) in the form of two halves: element `p`
/// of a head turns together with element `p + turned`, as Hugging Face's models have it.
public final class RotaryKernels {
    public static final Kernel ROTARY =
            Kernel.of(RotaryKernels.class, "rotaryHalves")
                    .reads("x", "positions", "cos", "sin")
                    .writes("y")
                    .build();

    private RotaryKernels() {}

    /// `y[p] = x[p] · c − sign · x[p + turned] · s`, `y[p + turned] = x[p + turned] · c + sign ·
    /// x[p] · s` with `c = cos[position, p]`, `s = sin[position, p]` for `p < turned`; the rest
    /// of each head stays as it is. A sign of −1 turns back: the gradient. The range is the
    /// tokens.
    ///
    /// @param x         [rows, heads · headSize]
    /// @param positions [rows] rows of the tables, checked on the host
    /// @param cos       [positions, turned]; `sin` likewise
    /// @param y         same shape as `x`
    /// @param turned    pairs of a head that turn; no type of OpenCL's, such as half, may name it
    public static void rotaryHalves(
            int first,
            int count,
            float[] x,
            int[] positions,
            float[] cos,
            float[] sin,
            float[] y,
            int[] at,
            int o,
            int heads,
            int headSize,
            int turned,
            float sign) {
        for (@Parallel int r = 0; r < count; r++) {
            int position = positions[at[o + 1] + first + r];
            int cosAt = at[o + 2] + position * turned;
            int sinAt = at[o + 3] + position * turned;
            for (int h = 0; h < heads; h++) {
                int xAt = at[o] + ((first + r) * heads + h) * headSize;
                int yAt = at[o + 4] + ((first + r) * heads + h) * headSize;
                for (int p = 0; p < turned; p++) {
                    float low = x[xAt + p];
                    float high = x[xAt + p + turned];
                    float c = cos[cosAt + p];
                    float s = sign * sin[sinAt + p];
                    y[yAt + p] = low * c - high * s;
                    y[yAt + p + turned] = high * c + low * s;
                }
                for (int p = 2 * turned; p < headSize; p++) {
                    y[yAt + p] = x[xAt + p];
                }
            }
        }
    }
}
