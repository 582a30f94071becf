package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import jdk.incubator.vector.FloatVector;

/// Gated linear units through the Vector API.
final class GatedVariants {
    private GatedVariants() {}

    static void gatedSilu(
            int first, int count, float[] gate, float[] up, float[] y, int[] at, int o, int width) {
        int start = first * width;
        int length = count * width;
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector g = FloatVector.fromArray(FLOATS, gate, at[o] + start + i, mask);
            FloatVector u = FloatVector.fromArray(FLOATS, up, at[o + 1] + start + i, mask);
            g.div(VectorVariants.exp(g.neg()).add(1f))
                    .mul(u)
                    .intoArray(y, at[o + 2] + start + i, mask);
        }
    }

    static void gatedSiluGradient(
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
        int start = first * width;
        int length = count * width;
        FloatVector one = FloatVector.broadcast(FLOATS, 1f);
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            FloatVector d = FloatVector.fromArray(FLOATS, dy, at[o] + start + i, mask);
            FloatVector g = FloatVector.fromArray(FLOATS, gate, at[o + 1] + start + i, mask);
            FloatVector u = FloatVector.fromArray(FLOATS, up, at[o + 2] + start + i, mask);
            FloatVector e = VectorVariants.exp(g.neg());
            FloatVector sigma = one.div(e.add(1f));
            FloatVector slope = e.mul(sigma).mul(g).add(1f).mul(sigma);
            d.mul(u).mul(slope).intoArray(dGate, at[o + 3] + start + i, mask);
            d.mul(g.mul(sigma)).intoArray(dUp, at[o + 4] + start + i, mask);
        }
    }
}
