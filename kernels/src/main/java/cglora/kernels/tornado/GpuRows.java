package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// Kernels that reduce rows, on a GPU: a work group takes a row of any length, neighbouring work
/// items neighbouring elements. What one work item computes for all passes through local memory.
public final class GpuRows {
    private GpuRows() {}

    /// [LayerNormKernels#layerNorm].
    public static void layerNorm(
            KernelContext context,
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
        float[] shared = context.allocateFloatLocalArray(1);
        int r = context.groupIdx;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int xAt = at[o] + r * hidden;
        int gainAt = at[o + 1];
        int shiftAt = at[o + 2];
        int nAt = at[o + 3] + r * hidden;
        int yAt = at[o + 4] + r * hidden;
        float part = 0f;
        for (int i = item; i < hidden; i += items) {
            part += x[xAt + i];
        }
        float mean = GpuReduction.sum(context, part) / hidden;
        float squares = 0f;
        for (int i = item; i < hidden; i += items) {
            float d = x[xAt + i] - mean;
            squares += d * d;
        }
        float variance = GpuReduction.sum(context, squares) / hidden;
        if (item == 0) {
            float inverse = 1f / FloatMath.sqrt(variance + eps);
            rstd[at[o + 5] + r] = inverse;
            shared[0] = inverse;
        }
        context.localBarrier();
        float scale = shared[0];
        for (int i = item; i < hidden; i += items) {
            float value = (x[xAt + i] - mean) * scale;
            normalized[nAt + i] = value;
            y[yAt + i] = value * gain[gainAt + i] + shift[shiftAt + i];
        }
    }

    /// [LayerNormKernels#residualLayerNorm].
    public static void residualLayerNorm(
            KernelContext context,
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
        float[] shared = context.allocateFloatLocalArray(1);
        int r = context.groupIdx;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int xAt = at[o] + r * hidden;
        int biasAt = at[o + 1];
        int residualAt = at[o + 2] + r * hidden;
        int gainAt = at[o + 3];
        int shiftAt = at[o + 4];
        int nAt = at[o + 5] + r * hidden;
        int yAt = at[o + 6] + r * hidden;
        float part = 0f;
        for (int i = item; i < hidden; i += items) {
            part += x[xAt + i] + bias[biasAt + i] + residual[residualAt + i];
        }
        float mean = GpuReduction.sum(context, part) / hidden;
        float squares = 0f;
        for (int i = item; i < hidden; i += items) {
            float d = x[xAt + i] + bias[biasAt + i] + residual[residualAt + i] - mean;
            squares += d * d;
        }
        float variance = GpuReduction.sum(context, squares) / hidden;
        if (item == 0) {
            float inverse = 1f / FloatMath.sqrt(variance + eps);
            rstd[at[o + 7] + r] = inverse;
            shared[0] = inverse;
        }
        context.localBarrier();
        float scale = shared[0];
        for (int i = item; i < hidden; i += items) {
            float d = x[xAt + i] + bias[biasAt + i] + residual[residualAt + i] - mean;
            float value = d * scale;
            normalized[nAt + i] = value;
            y[yAt + i] = value * gain[gainAt + i] + shift[shiftAt + i];
        }
    }

    /// [LayerNormKernels#layerNormGradient].
    public static void layerNormGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] normalized,
            float[] gain,
            float[] rstd,
            float[] dx,
            int[] at,
            int o,
            int hidden) {
        int r = context.groupIdx;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int dyAt = at[o] + r * hidden;
        int nAt = at[o + 1] + r * hidden;
        int gainAt = at[o + 2];
        float scale = rstd[at[o + 3] + r];
        int dxAt = at[o + 4] + r * hidden;
        float part = 0f;
        float projection = 0f;
        for (int i = item; i < hidden; i += items) {
            float d = dy[dyAt + i] * gain[gainAt + i];
            part += d;
            projection += d * normalized[nAt + i];
        }
        float mean = GpuReduction.sum(context, part) / hidden;
        float along = GpuReduction.sum(context, projection) / hidden;
        for (int i = item; i < hidden; i += items) {
            float d = dy[dyAt + i] * gain[gainAt + i];
            dx[dxAt + i] = scale * (d - mean - normalized[nAt + i] * along);
        }
    }

    /// [AttentionKernels#softmaxRows].
    public static void softmaxRows(
            KernelContext context,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int columns,
            int rowsPerLength,
            float scale) {
        int r = context.groupIdx;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int xAt = at[o] + r * columns;
        int yAt = at[o + 2] + r * columns;
        int length = Math.min(columns, lengths[at[o + 1] + r / rowsPerLength]);
        float highest = -3e38f;
        for (int i = item; i < length; i += items) {
            highest = Math.max(highest, scale * x[xAt + i]);
        }
        float top = GpuReduction.max(context, highest);
        float part = 0f;
        for (int i = item; i < length; i += items) {
            float e = FloatMath.exp(scale * x[xAt + i] - top);
            y[yAt + i] = e;
            part += e;
        }
        float inverse = 1f / Math.max(GpuReduction.sum(context, part), 1e-30f);
        for (int i = item; i < columns; i += items) {
            y[yAt + i] = i < length ? y[yAt + i] * inverse : 0f;
        }
    }

    /// [LossKernels#crossEntropy].
    public static void crossEntropy(
            KernelContext context,
            int count,
            float[] logits,
            int[] labels,
            float[] probabilities,
            float[] loss,
            int[] at,
            int o,
            int classes) {
        int r = context.groupIdx;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int logitsAt = at[o] + r * classes;
        int probabilitiesAt = at[o + 2] + r * classes;
        int label = labels[at[o + 1] + r];
        float highest = -3e38f;
        for (int c = item; c < classes; c += items) {
            highest = Math.max(highest, logits[logitsAt + c]);
        }
        float top = GpuReduction.max(context, highest);
        float part = 0f;
        for (int c = item; c < classes; c += items) {
            float e = FloatMath.exp(logits[logitsAt + c] - top);
            probabilities[probabilitiesAt + c] = e;
            part += e;
        }
        float sum = GpuReduction.sum(context, part);
        float inverse = 1f / sum;
        for (int c = item; c < classes; c += items) {
            probabilities[probabilitiesAt + c] = probabilities[probabilitiesAt + c] * inverse;
        }
        if (item == 0) {
            float target = logits[logitsAt + Math.max(label, 0)];
            float value = top - target + FloatMath.logOfSum(sum);
            loss[at[o + 3] + r] = label >= 0 ? value : 0f;
        }
    }
}
