package cglora.kernels.activation;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Gated linear units (Shazeer, arXiv 2002.05202): `f(gate) · up` of two products of one input.
/// The range is the rows.
public final class GatedKernels {
    public static final Kernel GATED_SILU = forward("gatedSilu");
    public static final Kernel GATED_SILU_GRADIENT = gradient("gatedSiluGradient");
    public static final Kernel GATED_GELU_TANH = forward("gatedGeluTanh");
    public static final Kernel GATED_GELU_TANH_GRADIENT = gradient("gatedGeluTanhGradient");

    private GatedKernels() {}

    private static Kernel forward(String name) {
        return Kernel.of(GatedKernels.class, name).reads("gate", "up").writes("y").build();
    }

    private static Kernel gradient(String name) {
        return Kernel.of(GatedKernels.class, name)
                .reads("dy", "gate", "up")
                .writes("dGate", "dUp")
                .build();
    }

    /// `y = silu(gate) · up`: SwiGLU.
    ///
    /// @param gate [rows, width]
    /// @param up   [rows, width]
    /// @param y    [rows, width]
    public static void gatedSilu(
            int first, int count, float[] gate, float[] up, float[] y, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int gateAt = at[o] + (first + r) * width;
            int upAt = at[o + 1] + (first + r) * width;
            int yAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = FloatMath.silu(gate[gateAt + i]) * up[upAt + i];
            }
        }
    }

    /// `dGate = dy · up · f'(gate)`, `dUp = dy · f(gate)` of [#gatedSilu].
    public static void gatedSiluGradient(
            int first,
            int count,
            float[] dy,
            float[] gate,
            float[] up,
            float[] dGate,
            float[] dUp,
            int[] at,
            int o,
            int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * width;
            int gateAt = at[o + 1] + (first + r) * width;
            int upAt = at[o + 2] + (first + r) * width;
            int dGateAt = at[o + 3] + (first + r) * width;
            int dUpAt = at[o + 4] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                float d = dy[dyAt + i];
                float g = gate[gateAt + i];
                dGate[dGateAt + i] = d * up[upAt + i] * FloatMath.siluDerivative(g);
                dUp[dUpAt + i] = d * FloatMath.silu(g);
            }
        }
    }

    /// `y = gelu(gate) · up`, the tanh form.
    public static void gatedGeluTanh(
            int first, int count, float[] gate, float[] up, float[] y, int[] at, int o, int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int gateAt = at[o] + (first + r) * width;
            int upAt = at[o + 1] + (first + r) * width;
            int yAt = at[o + 2] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                y[yAt + i] = FloatMath.geluTanh(gate[gateAt + i]) * up[upAt + i];
            }
        }
    }

    /// `dGate = dy · up · f'(gate)`, `dUp = dy · f(gate)` of [#gatedGeluTanh].
    public static void gatedGeluTanhGradient(
            int first,
            int count,
            float[] dy,
            float[] gate,
            float[] up,
            float[] dGate,
            float[] dUp,
            int[] at,
            int o,
            int width) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * width;
            int gateAt = at[o + 1] + (first + r) * width;
            int upAt = at[o + 2] + (first + r) * width;
            int dGateAt = at[o + 3] + (first + r) * width;
            int dUpAt = at[o + 4] + (first + r) * width;
            for (int i = 0; i < width; i++) {
                float d = dy[dyAt + i];
                float g = gate[gateAt + i];
                dGate[dGateAt + i] = d * up[upAt + i] * FloatMath.geluTanhDerivative(g);
                dUp[dUpAt + i] = d * FloatMath.geluTanh(g);
            }
        }
    }
}
