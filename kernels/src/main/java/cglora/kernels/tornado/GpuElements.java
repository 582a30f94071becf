package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// Kernels whose range is rows and which work element by element, on a GPU: a work group takes a
/// row, neighbouring work items neighbouring elements.
public final class GpuElements {
    private GpuElements() {}

    /// [ActivationKernels#biasGelu].
    public static void biasGelu(
            KernelContext context,
            int count,
            float[] x,
            float[] bias,
            float[] y,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int xAt = at[o] + r * width;
        int biasAt = at[o + 1];
        int yAt = at[o + 2] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            y[yAt + i] = FloatMath.gelu(x[xAt + i] + bias[biasAt + i]);
        }
    }

    /// [ActivationKernels#biasGeluGradient].
    public static void biasGeluGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int dyAt = at[o] + r * width;
        int xAt = at[o + 1] + r * width;
        int biasAt = at[o + 2];
        int dxAt = at[o + 3] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            dx[dxAt + i] = dy[dyAt + i] * FloatMath.geluDerivative(x[xAt + i] + bias[biasAt + i]);
        }
    }

    /// [ActivationKernels#biasGeluTanh].
    public static void biasGeluTanh(
            KernelContext context,
            int count,
            float[] x,
            float[] bias,
            float[] y,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int xAt = at[o] + r * width;
        int biasAt = at[o + 1];
        int yAt = at[o + 2] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            y[yAt + i] = FloatMath.geluTanh(x[xAt + i] + bias[biasAt + i]);
        }
    }

    /// [ActivationKernels#biasGeluTanhGradient].
    public static void biasGeluTanhGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int dyAt = at[o] + r * width;
        int xAt = at[o + 1] + r * width;
        int biasAt = at[o + 2];
        int dxAt = at[o + 3] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            dx[dxAt + i] =
                    dy[dyAt + i] * FloatMath.geluTanhDerivative(x[xAt + i] + bias[biasAt + i]);
        }
    }

    /// [ActivationKernels#biasRelu].
    public static void biasRelu(
            KernelContext context,
            int count,
            float[] x,
            float[] bias,
            float[] y,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int xAt = at[o] + r * width;
        int biasAt = at[o + 1];
        int yAt = at[o + 2] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            y[yAt + i] = Math.max(x[xAt + i] + bias[biasAt + i], 0f);
        }
    }

    /// [ActivationKernels#biasReluGradient].
    public static void biasReluGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int dyAt = at[o] + r * width;
        int xAt = at[o + 1] + r * width;
        int biasAt = at[o + 2];
        int dxAt = at[o + 3] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            dx[dxAt + i] = x[xAt + i] + bias[biasAt + i] > 0f ? dy[dyAt + i] : 0f;
        }
    }

    /// [ActivationKernels#tanhForward].
    public static void tanhForward(
            KernelContext context, int count, float[] x, float[] y, int[] at, int o, int width) {
        int r = context.groupIdx;
        int xAt = at[o] + r * width;
        int yAt = at[o + 1] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            y[yAt + i] = FloatMath.tanh(x[xAt + i]);
        }
    }

    /// [ActivationKernels#tanhGradient].
    public static void tanhGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] y,
            float[] dx,
            int[] at,
            int o,
            int width) {
        int r = context.groupIdx;
        int dyAt = at[o] + r * width;
        int yAt = at[o + 1] + r * width;
        int dxAt = at[o + 2] + r * width;
        for (int i = context.localIdx; i < width; i += context.localGroupSizeX) {
            float t = y[yAt + i];
            dx[dxAt + i] = dy[dyAt + i] * (1f - t * t);
        }
    }

    /// [EmbeddingKernels#embeddingSum].
    public static void embeddingSum(
            KernelContext context,
            int count,
            int[] words,
            int[] positions,
            int[] types,
            float[] word,
            float[] position,
            float[] type,
            float[] y,
            int[] at,
            int o,
            int hidden) {
        int r = context.groupIdx;
        int wordAt = at[o + 3] + words[at[o] + r] * hidden;
        int positionAt = at[o + 4] + positions[at[o + 1] + r] * hidden;
        int typeAt = at[o + 5] + types[at[o + 2] + r] * hidden;
        int yAt = at[o + 6] + r * hidden;
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            y[yAt + i] = word[wordAt + i] + position[positionAt + i] + type[typeAt + i];
        }
    }

    /// [EmbeddingKernels#embeddingPair].
    public static void embeddingPair(
            KernelContext context,
            int count,
            int[] words,
            int[] positions,
            float[] word,
            float[] position,
            float[] y,
            int[] at,
            int o,
            int hidden) {
        int r = context.groupIdx;
        int wordAt = at[o + 2] + words[at[o] + r] * hidden;
        int positionAt = at[o + 3] + positions[at[o + 1] + r] * hidden;
        int yAt = at[o + 4] + r * hidden;
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            y[yAt + i] = word[wordAt + i] + position[positionAt + i];
        }
    }

    /// [LossKernels#crossEntropyGradient].
    public static void crossEntropyGradient(
            KernelContext context,
            int count,
            float[] probabilities,
            int[] labels,
            float[] dLoss,
            float[] dLogits,
            int[] at,
            int o,
            int classes) {
        int r = context.groupIdx;
        int probabilitiesAt = at[o] + r * classes;
        int label = labels[at[o + 1] + r];
        float weight = label >= 0 ? dLoss[at[o + 2] + r] : 0f;
        int dLogitsAt = at[o + 3] + r * classes;
        for (int c = context.localIdx; c < classes; c += context.localGroupSizeX) {
            float target = c == label ? 1f : 0f;
            dLogits[dLogitsAt + c] = weight * (probabilities[probabilitiesAt + c] - target);
        }
    }

    /// [PoolingKernels#meanPool].
    public static void meanPool(
            KernelContext context,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int width,
            int hidden) {
        int b = context.groupIdx;
        int xAt = at[o] + b * width * hidden;
        int yAt = at[o + 2] + b * hidden;
        int length = lengths[at[o + 1] + b];
        float inverse = 1f / Math.max(length, 1);
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            float sum = 0f;
            for (int t = 0; t < length; t++) {
                sum += x[xAt + t * hidden + i];
            }
            y[yAt + i] = sum * inverse;
        }
    }

    /// [PoolingKernels#meanPoolGradient].
    public static void meanPoolGradient(
            KernelContext context,
            int count,
            float[] dy,
            int[] lengths,
            float[] dx,
            int[] at,
            int o,
            int width,
            int hidden) {
        int r = context.groupIdx;
        int b = r / width;
        int dyAt = at[o] + b * hidden;
        int dxAt = at[o + 2] + r * hidden;
        int length = lengths[at[o + 1] + b];
        float scale = r % width < length ? 1f / Math.max(length, 1) : 0f;
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            dx[dxAt + i] = scale * dy[dyAt + i];
        }
    }

    /// [PoolingKernels#clsPool].
    public static void clsPool(
            KernelContext context,
            int count,
            float[] x,
            float[] y,
            int[] at,
            int o,
            int width,
            int hidden) {
        int b = context.groupIdx;
        int xAt = at[o] + b * width * hidden;
        int yAt = at[o + 1] + b * hidden;
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            y[yAt + i] = x[xAt + i];
        }
    }

    /// [PoolingKernels#clsPoolGradient].
    public static void clsPoolGradient(
            KernelContext context,
            int count,
            float[] dy,
            float[] dx,
            int[] at,
            int o,
            int width,
            int hidden) {
        int r = context.groupIdx;
        int dyAt = at[o] + r / width * hidden;
        int dxAt = at[o + 1] + r * hidden;
        float scale = r % width == 0 ? 1f : 0f;
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            dx[dxAt + i] = scale * dy[dyAt + i];
        }
    }

    /// [PoolingKernels#maskRows].
    public static void maskRows(
            KernelContext context,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int width,
            int hidden) {
        int r = context.groupIdx;
        int xAt = at[o] + r * hidden;
        int yAt = at[o + 2] + r * hidden;
        int length = lengths[at[o + 1] + r / width];
        int real = r % width < length ? 1 : 0;
        for (int i = context.localIdx; i < hidden; i += context.localGroupSizeX) {
            y[yAt + i] = real == 1 ? x[xAt + i] : 0f;
        }
    }

    /// [WhiteningKernels#newtonSchulzFactor].
    public static void newtonSchulzFactor(
            KernelContext context,
            int count,
            float[] product,
            float[] coefficients,
            float[] factor,
            int[] at,
            int o,
            int n) {
        int i = context.groupIdx;
        int productAt = at[o] + i * n;
        float constant = coefficients[at[o + 1]];
        float slope = coefficients[at[o + 1] + 1];
        int factorAt = at[o + 2] + i * n;
        for (int j = context.localIdx; j < n; j += context.localGroupSizeX) {
            float identity = j == i ? constant : 0f;
            factor[factorAt + j] = identity + slope * product[productAt + j];
        }
    }
}
