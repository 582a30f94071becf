package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// Root-mean-square normalisation through the Vector API.
final class RmsNormVariants {
    private RmsNormVariants() {}

    static void rmsNorm(
            int first,
            int count,
            float[] x,
            float[] gain,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        int gainAt = at[o + 1];
        for (int r = first; r < first + count; r++) {
            int xAt = at[o] + r * hidden;
            int yAt = at[o + 2] + r * hidden;
            FloatVector squares = FloatVector.zero(FLOATS);
            for (int i = 0; i < hidden; i += LANES) {
                var mask = FLOATS.indexInRange(i, hidden);
                FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + i, mask);
                squares = v.fma(v, squares);
            }
            float mean = VectorVariants.sum(squares) / hidden;
            float scale = 1f / (float) Math.sqrt(mean + eps);
            rstd[at[o + 3] + r] = scale;
            for (int i = 0; i < hidden; i += LANES) {
                var mask = FLOATS.indexInRange(i, hidden);
                FloatVector.fromArray(FLOATS, x, xAt + i, mask)
                        .mul(scale)
                        .mul(FloatVector.fromArray(FLOATS, gain, gainAt + i, mask))
                        .intoArray(y, yAt + i, mask);
            }
        }
    }

    static void rmsNormGradient(
            int first,
            int count,
            float[] dy,
            float[] x,
            float[] gain,
            float[] rstd,
            float[] dx,
            int[] at,
            int o,
            int hidden) {
        int gainAt = at[o + 2];
        for (int r = first; r < first + count; r++) {
            int dyAt = at[o] + r * hidden;
            int xAt = at[o + 1] + r * hidden;
            int dxAt = at[o + 4] + r * hidden;
            float scale = rstd[at[o + 3] + r];
            FloatVector projections = FloatVector.zero(FLOATS);
            for (int i = 0; i < hidden; i += LANES) {
                var mask = FLOATS.indexInRange(i, hidden);
                FloatVector d =
                        FloatVector.fromArray(FLOATS, dy, dyAt + i, mask)
                                .mul(FloatVector.fromArray(FLOATS, gain, gainAt + i, mask));
                FloatVector n = FloatVector.fromArray(FLOATS, x, xAt + i, mask).mul(scale);
                projections = d.fma(n, projections);
            }
            float along = VectorVariants.sum(projections) / hidden;
            for (int i = 0; i < hidden; i += LANES) {
                var mask = FLOATS.indexInRange(i, hidden);
                FloatVector d =
                        FloatVector.fromArray(FLOATS, dy, dyAt + i, mask)
                                .mul(FloatVector.fromArray(FLOATS, gain, gainAt + i, mask));
                FloatVector n = FloatVector.fromArray(FLOATS, x, xAt + i, mask).mul(scale);
                d.sub(n.mul(along)).mul(scale).intoArray(dx, dxAt + i, mask);
            }
        }
    }

    /// The rows in the outer loop: memory is read in order.
    static void rmsNormGainGradient(
            int first,
            int count,
            float[] dy,
            float[] x,
            float[] rstd,
            float[] dGain,
            int[] at,
            int o,
            int rows,
            int hidden) {
        int gainAt = at[o + 3] + first;
        Arrays.fill(dGain, gainAt, gainAt + count, 0f);
        for (int r = 0; r < rows; r++) {
            int dyAt = at[o] + r * hidden + first;
            int xAt = at[o + 1] + r * hidden + first;
            float scale = rstd[at[o + 2] + r];
            for (int i = 0; i < count; i++) {
                dGain[gainAt + i] += dy[dyAt + i] * (x[xAt + i] * scale);
            }
        }
    }
}
