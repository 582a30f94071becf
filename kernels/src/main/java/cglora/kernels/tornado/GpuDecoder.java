package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// Kernels of decoders whose range is rows and which work element by element, on a GPU: a work
/// group takes a row, neighbouring work items neighbouring elements.
public final class GpuDecoder {
    private GpuDecoder() {}

    /// [GatedKernels#gatedSilu].
    public static void gatedSilu(
            KernelContext context,
            int count,
            float[] gate,
            float[] up,
            float[] y,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int gateAt = at[o] + r * width;
        int upAt = at[o + 1] + r * width;
        int yAt = at[o + 2] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            y[yAt + i] = FloatMath.silu(gate[gateAt + i]) * up[upAt + i];
        }
    }

    /// [GatedKernels#gatedSiluGradient].
    public static void gatedSiluGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] gate,
            float[] up,
            float[] dGate,
            float[] dUp,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int dyAt = at[o] + r * width;
        int gateAt = at[o + 1] + r * width;
        int upAt = at[o + 2] + r * width;
        int dGateAt = at[o + 3] + r * width;
        int dUpAt = at[o + 4] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            float d = dy[dyAt + i];
            float g = gate[gateAt + i];
            dGate[dGateAt + i] = d * up[upAt + i] * FloatMath.siluDerivative(g);
            dUp[dUpAt + i] = d * FloatMath.silu(g);
        }
    }

    /// [EmbeddingKernels#embeddingRows].
    public static void embeddingRows(
            KernelContext context,
            int count,
            int[] words,
            float[] word,
            float[] y,
            int[] at,
            int o,
            int hidden) {
        int r = context.groupIdx;
        int wordAt = at[o + 1] + words[at[o] + r] * hidden;
        int yAt = at[o + 2] + r * hidden;
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            y[yAt + i] = word[wordAt + i];
        }
    }
}
