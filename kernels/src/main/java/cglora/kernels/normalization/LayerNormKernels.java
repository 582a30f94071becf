package cglora.kernels.normalization;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Layer normalisation (Ba, Kiros and Hinton, arXiv 1607.06450) and its gradients. One row is one
/// token of `hidden` values; the range is the rows, but for the gradients of gain and shift.
///
/// `normalized = (s − mean(s)) · rstd`, `rstd = 1/√(var(s) + eps)`, `y = normalized · gain +
/// shift`. `normalized` and `rstd` are kept: the gradient needs nothing else.
public final class LayerNormKernels {
    public static final Kernel LAYER_NORM =
            Kernel.of(LayerNormKernels.class, "layerNorm")
                    .reads("x", "gain", "shift")
                    .writes("normalized", "y", "rstd")
                    .build();
    public static final Kernel RESIDUAL_LAYER_NORM =
            Kernel.of(LayerNormKernels.class, "residualLayerNorm")
                    .reads("x", "bias", "residual", "gain", "shift")
                    .writes("normalized", "y", "rstd")
                    .build();
    public static final Kernel LAYER_NORM_GRADIENT =
            Kernel.of(LayerNormKernels.class, "layerNormGradient")
                    .reads("dy", "normalized", "gain", "rstd")
                    .writes("dx")
                    .build();
    public static final Kernel LAYER_NORM_GAIN_GRADIENT =
            Kernel.of(LayerNormKernels.class, "layerNormGainGradient")
                    .reads("dy", "normalized")
                    .writes("dGain")
                    .build();

    private LayerNormKernels() {}

    /// Normalises `s = x`.
    ///
    /// @param x          [rows, hidden]
    /// @param gain       [hidden]
    /// @param shift      [hidden]
    /// @param normalized [rows, hidden]
    /// @param y          [rows, hidden]
    /// @param rstd       [rows], unit 1/x
    public static void layerNorm(
            int first,
            int count,
            float[] x,
            float[] gain,
            float[] shift,
            float[] normalized,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * hidden;
            int gainAt = at[o + 1];
            int shiftAt = at[o + 2];
            int nAt = at[o + 3] + (first + r) * hidden;
            int yAt = at[o + 4] + (first + r) * hidden;
            float sum = 0f;
            for (int i = 0; i < hidden; i++) {
                sum += x[xAt + i];
            }
            float mean = sum / hidden;
            float squares = 0f;
            for (int i = 0; i < hidden; i++) {
                float d = x[xAt + i] - mean;
                squares += d * d;
            }
            float scale = 1f / (float) Math.sqrt(squares / hidden + eps);
            rstd[at[o + 5] + first + r] = scale;
            for (int i = 0; i < hidden; i++) {
                float value = (x[xAt + i] - mean) * scale;
                normalized[nAt + i] = value;
                y[yAt + i] = value * gain[gainAt + i] + shift[shiftAt + i];
            }
        }
    }

    /// Normalises `s = x + bias + residual`: the end of a Transformer's sublayer in one pass.
    ///
    /// @param x        [rows, hidden] the sublayer's last product, without its bias
    /// @param bias     [hidden] the bias of that product
    /// @param residual [rows, hidden] the sublayer's input
    public static void residualLayerNorm(
            int first,
            int count,
            float[] x,
            float[] bias,
            float[] residual,
            float[] gain,
            float[] shift,
            float[] normalized,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * hidden;
            int biasAt = at[o + 1];
            int residualAt = at[o + 2] + (first + r) * hidden;
            int gainAt = at[o + 3];
            int shiftAt = at[o + 4];
            int nAt = at[o + 5] + (first + r) * hidden;
            int yAt = at[o + 6] + (first + r) * hidden;
            float sum = 0f;
            for (int i = 0; i < hidden; i++) {
                float s = x[xAt + i] + bias[biasAt + i] + residual[residualAt + i];
                normalized[nAt + i] = s;
                sum += s;
            }
            float mean = sum / hidden;
            float squares = 0f;
            for (int i = 0; i < hidden; i++) {
                float d = normalized[nAt + i] - mean;
                squares += d * d;
            }
            float scale = 1f / (float) Math.sqrt(squares / hidden + eps);
            rstd[at[o + 7] + first + r] = scale;
            for (int i = 0; i < hidden; i++) {
                float value = (normalized[nAt + i] - mean) * scale;
                normalized[nAt + i] = value;
                y[yAt + i] = value * gain[gainAt + i] + shift[shiftAt + i];
            }
        }
    }

    /// `dx = rstd · (d − mean(d) − normalized · mean(d · normalized))` with `d = dy · gain`.
    ///
    /// @param dy [rows, hidden]
    /// @param dx [rows, hidden]
    public static void layerNormGradient(
            int first,
            int count,
            float[] dy,
            float[] normalized,
            float[] gain,
            float[] rstd,
            float[] dx,
            int[] at,
            int o,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) * hidden;
            int nAt = at[o + 1] + (first + r) * hidden;
            int gainAt = at[o + 2];
            float scale = rstd[at[o + 3] + first + r];
            int dxAt = at[o + 4] + (first + r) * hidden;
            float sum = 0f;
            float projection = 0f;
            for (int i = 0; i < hidden; i++) {
                float d = dy[dyAt + i] * gain[gainAt + i];
                sum += d;
                projection += d * normalized[nAt + i];
            }
            float mean = sum / hidden;
            float along = projection / hidden;
            for (int i = 0; i < hidden; i++) {
                float d = dy[dyAt + i] * gain[gainAt + i];
                dx[dxAt + i] = scale * (d - mean - normalized[nAt + i] * along);
            }
        }
    }

    /// `dGain = Σ dy · normalized` over the rows; the shift's gradient is the column sum of `dy`.
    /// The range is the columns.
    public static void layerNormGainGradient(
            int first,
            int count,
            float[] dy,
            float[] normalized,
            float[] dGain,
            int[] at,
            int o,
            int rows,
            int hidden) {
        for (@Parallel int i = 0; i < count; i++) {
            int dyAt = at[o] + first + i;
            int nAt = at[o + 1] + first + i;
            float gains = 0f;
            for (int r = 0; r < rows; r++) {
                gains += dy[dyAt + r * hidden] * normalized[nAt + r * hidden];
            }
            dGain[at[o + 2] + first + i] = gains;
        }
    }
}
