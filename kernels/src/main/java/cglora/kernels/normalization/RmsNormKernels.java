package cglora.kernels.normalization;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Root-mean-square normalisation (Zhang and Sennrich, arXiv 1910.07467) and its gradients: a layer
/// normalisation without mean and shift. One row is one token, or one head of a token, of `hidden`
/// values; the range is the rows, but for the gradient of the gain.
///
/// `y = x · rstd · gain`, `rstd = 1/√(mean(x²) + eps)`. `rstd` is kept: with `x` it is all that the
/// gradient needs.
public final class RmsNormKernels {
    public static final Kernel RMS_NORM =
            Kernel.of(RmsNormKernels.class, "rmsNorm")
                    .reads("x", "gain")
                    .writes("y", "rstd")
                    .build();
    public static final Kernel RMS_NORM_GRADIENT =
            Kernel.of(RmsNormKernels.class, "rmsNormGradient")
                    .reads("dy", "x", "gain", "rstd")
                    .writes("dx")
                    .build();
    public static final Kernel RMS_NORM_GAIN_GRADIENT =
            Kernel.of(RmsNormKernels.class, "rmsNormGainGradient")
                    .reads("dy", "x", "rstd")
                    .writes("dGain")
                    .build();

    private RmsNormKernels() {}

    /// `y = x · rstd · gain`.
    ///
    /// @param x    [rows, hidden]
    /// @param gain [hidden]
    /// @param y    [rows, hidden]
    /// @param rstd [rows], unit 1/x
    /// @param eps  added to the mean square, unit x²
    public static void rmsNorm(
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
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * hidden;
            int gainAt = at[o + 1];
            int yAt = at[o + 2] + (first + r) * hidden;
            float squares = 0f;
            for (int i = 0; i < hidden; i++) {
                squares += x[xAt + i] * x[xAt + i];
            }
            float scale = 1f / FloatMath.sqrt(squares / hidden + eps);
            rstd[at[o + 3] + first + r] = scale;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = x[xAt + i] * scale * gain[gainAt + i];
            }
        }
    }

    /// `dx = rstd · (d − n · mean(d · n))` with `d = dy · gain` and `n = x · rstd`.
    ///
    /// @param dy [rows, hidden]
    /// @param dx [rows, hidden]
    public static void rmsNormGradient(
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
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * hidden;
            int xAt = at[o + 1] + (first + r) * hidden;
            int gainAt = at[o + 2];
            float scale = rstd[at[o + 3] + first + r];
            int dxAt = at[o + 4] + (first + r) * hidden;
            float projection = 0f;
            for (int i = 0; i < hidden; i++) {
                projection += dy[dyAt + i] * gain[gainAt + i] * (x[xAt + i] * scale);
            }
            float along = projection / hidden;
            for (int i = 0; i < hidden; i++) {
                float d = dy[dyAt + i] * gain[gainAt + i];
                dx[dxAt + i] = scale * (d - x[xAt + i] * scale * along);
            }
        }
    }

    /// `dGain = Σ dy · x · rstd` over the rows. The range is the columns.
    public static void rmsNormGainGradient(
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
        for (@Parallel int i = 0; i < count; i++) {
            int dyAt = at[o] + first + i;
            int xAt = at[o + 1] + first + i;
            int rstdAt = at[o + 2];
            float gains = 0f;
            for (int r = 0; r < rows; r++) {
                gains += dy[dyAt + r * hidden] * (x[xAt + r * hidden] * rstd[rstdAt + r]);
            }
            dGain[at[o + 3] + first + i] = gains;
        }
    }
}
