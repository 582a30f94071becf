package cglora.kernels.loss;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Losses of single examples and their gradients. The range is the examples; the mean, or any
/// other weighting, is a dot product with the examples' weights behind them.
public final class LossKernels {
    public static final Kernel CROSS_ENTROPY =
            Kernel.of(LossKernels.class, "crossEntropy")
                    .reads("logits", "labels")
                    .writes("probabilities", "loss")
                    .build();
    public static final Kernel CROSS_ENTROPY_GRADIENT =
            Kernel.of(LossKernels.class, "crossEntropyGradient")
                    .reads("probabilities", "labels", "dLoss")
                    .writes("dLogits")
                    .build();
    public static final Kernel SQUARED_ERROR =
            Kernel.of(LossKernels.class, "squaredError")
                    .reads("prediction", "target")
                    .writes("loss")
                    .build();
    public static final Kernel SQUARED_ERROR_GRADIENT =
            Kernel.of(LossKernels.class, "squaredErrorGradient")
                    .reads("prediction", "target", "dLoss")
                    .writes("dPrediction")
                    .build();

    private LossKernels() {}

    /// `loss = logsumexp(logits) − logits[label]`, and the probabilities. A negative label marks a
    /// row without an example: its loss is 0.
    ///
    /// @param logits        [rows, classes]
    /// @param labels        [rows], below `classes` (checked on the host)
    /// @param probabilities [rows, classes]
    /// @param loss          [rows], unit nat
    public static void crossEntropy(
            int first,
            int count,
            float[] logits,
            int[] labels,
            float[] probabilities,
            float[] loss,
            int[] at,
            int o,
            int classes) {
        for (@Parallel int r = 0; r < count; r++) {
            int logitsAt = at[o] + (first + r) * classes;
            int probabilitiesAt = at[o + 2] + (first + r) * classes;
            int label = labels[at[o + 1] + first + r];
            float max = -3e38f;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, logits[logitsAt + c]);
            }
            float sum = 0f;
            for (int c = 0; c < classes; c++) {
                float e = FloatMath.exp(logits[logitsAt + c] - max);
                probabilities[probabilitiesAt + c] = e;
                sum += e;
            }
            float inverse = 1f / sum;
            for (int c = 0; c < classes; c++) {
                probabilities[probabilitiesAt + c] = probabilities[probabilitiesAt + c] * inverse;
            }
            float target = logits[logitsAt + Math.max(label, 0)];
            float value = max - target + FloatMath.logOfSum(sum);
            loss[at[o + 3] + first + r] = label >= 0 ? value : 0f;
        }
    }

    /// `dLogits = dLoss · (probabilities − onehot(label))`, 0 where the label is negative.
    public static void crossEntropyGradient(
            int first,
            int count,
            float[] probabilities,
            int[] labels,
            float[] dLoss,
            float[] dLogits,
            int[] at,
            int o,
            int classes) {
        for (@Parallel int r = 0; r < count; r++) {
            int probabilitiesAt = at[o] + (first + r) * classes;
            int label = labels[at[o + 1] + first + r];
            float weight = label >= 0 ? dLoss[at[o + 2] + first + r] : 0f;
            int dLogitsAt = at[o + 3] + (first + r) * classes;
            for (int c = 0; c < classes; c++) {
                float target = c == label ? 1f : 0f;
                dLogits[dLogitsAt + c] = weight * (probabilities[probabilitiesAt + c] - target);
            }
        }
    }

    /// `loss = (prediction − target)²`.
    ///
    /// @param prediction [rows]
    /// @param target     [rows]
    /// @param loss       [rows]
    public static void squaredError(
            int first,
            int count,
            float[] prediction,
            float[] target,
            float[] loss,
            int[] at,
            int o) {
        for (@Parallel int r = 0; r < count; r++) {
            float d = prediction[at[o] + first + r] - target[at[o + 1] + first + r];
            loss[at[o + 2] + first + r] = d * d;
        }
    }

    /// `dPrediction = 2 · dLoss · (prediction − target)`.
    public static void squaredErrorGradient(
            int first,
            int count,
            float[] prediction,
            float[] target,
            float[] dLoss,
            float[] dPrediction,
            int[] at,
            int o) {
        for (@Parallel int r = 0; r < count; r++) {
            float d = prediction[at[o] + first + r] - target[at[o + 1] + first + r];
            dPrediction[at[o + 3] + first + r] = 2f * dLoss[at[o + 2] + first + r] * d;
        }
    }
}
