package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// [BiasedAttentionKernels] on a CPU device: attention as in [CpuAttention], with a bias. Each
/// gradient takes a pass of its own.
public final class CpuBiasedAttention {
    private static final int SIZE = CpuAttention.LARGEST_HEAD;
    private static final int KEYS = CpuAttention.KEYS;

    private CpuBiasedAttention() {}

    /// [BiasedAttentionKernels#biasedAttention].
    public static void biasedAttention(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] out,
            float[] lse,
            int[] at,
            int o) {
        int heads = at[o + 8];
        int queries = at[o + 9];
        int keys = at[o + 10];
        int headSize = at[o + 11];
        int hidden = heads * headSize;
        int head = context.groupIdx;
        int rows = head * queries < count ? queries : 0;
        int sequence = rows > 0 ? head / heads : 0;
        int h = head % heads;
        int base = sequence * queries * hidden + h * headSize;
        int keyBase = sequence * keys * hidden + h * headSize;
        CpuAttentionForward.attend(
                context,
                rows,
                headSize,
                hidden,
                hidden,
                q,
                at[o] + base,
                k,
                at[o + 1] + keyBase,
                v,
                at[o + 2] + keyBase,
                bias,
                at[o + 3] + h * (queries + keys - 1) + queries - 1,
                at[o + 13],
                queryLengths,
                0,
                0,
                0,
                queryLengths[at[o + 4] + sequence],
                0,
                keyLengths[at[o + 5] + sequence],
                at[o + 12],
                0,
                out,
                at[o + 6] + base,
                lse,
                at[o + 7] + head * queries,
                1f);
    }

    /// [BiasedAttentionKernels#biasedAttentionQueryGradient].
    public static void biasedAttentionQueryGradient(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] delta,
            int[] at,
            int o) {
        int heads = at[o + 11];
        int queries = at[o + 12];
        int keys = at[o + 13];
        int headSize = at[o + 14];
        int hidden = heads * headSize;
        int head = context.groupIdx;
        int isThere = head * queries < count ? 1 : 0;
        int sequence = isThere * head / heads;
        int h = head % heads;
        int base = sequence * queries * hidden + h * headSize;
        int keyBase = sequence * keys * hidden + h * headSize;
        CpuAttentionGradient.sum(
                context,
                1,
                0,
                1,
                isThere * queries,
                isThere * keys,
                headSize,
                hidden,
                hidden,
                q,
                at[o] + base,
                k,
                at[o + 1] + keyBase,
                v,
                at[o + 2] + keyBase,
                bias,
                at[o + 3] + h * (queries + keys - 1) + queries - 1,
                at[o + 16],
                queryLengths,
                0,
                0,
                0,
                queryLengths[at[o + 4] + sequence],
                0,
                keyLengths[at[o + 5] + sequence],
                at[o + 15],
                0,
                out,
                at[o + 6] + base,
                lse,
                at[o + 7] + head * queries,
                dout,
                at[o + 8] + base,
                dq,
                at[o + 9] + base,
                dq,
                0,
                dq,
                0,
                delta,
                at[o + 10] + head * queries,
                0,
                1,
                1f);
    }

    /// [BiasedAttentionKernels#biasedAttentionKeyGradient].
    public static void biasedAttentionKeyGradient(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] lse,
            float[] delta,
            float[] dout,
            float[] dk,
            float[] dv,
            int[] at,
            int o) {
        int heads = at[o + 11];
        int queries = at[o + 12];
        int keys = at[o + 13];
        int headSize = at[o + 14];
        int hidden = heads * headSize;
        int head = context.groupIdx;
        int isThere = head * keys < count ? 1 : 0;
        int sequence = isThere * head / heads;
        int h = head % heads;
        int base = sequence * queries * hidden + h * headSize;
        int keyBase = sequence * keys * hidden + h * headSize;
        CpuAttentionGradient.sum(
                context,
                0,
                1,
                1,
                isThere * queries,
                isThere * keys,
                headSize,
                hidden,
                hidden,
                q,
                at[o] + base,
                k,
                at[o + 1] + keyBase,
                v,
                at[o + 2] + keyBase,
                bias,
                at[o + 3] + h * (queries + keys - 1) + queries - 1,
                at[o + 16],
                queryLengths,
                0,
                0,
                0,
                queryLengths[at[o + 4] + sequence],
                0,
                keyLengths[at[o + 5] + sequence],
                at[o + 15],
                0,
                q,
                0,
                lse,
                at[o + 6] + head * queries,
                dout,
                at[o + 8] + base,
                dk,
                0,
                dk,
                at[o + 9] + keyBase,
                dv,
                at[o + 10] + keyBase,
                delta,
                at[o + 7] + head * queries,
                1,
                0,
                1f);
    }

    /// [BiasedAttentionKernels#biasedAttentionBiasGradient]: a work group for each head, since what
    /// its pairs of one distance give is one sum.
    public static void biasedAttentionBiasGradient(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] lse,
            float[] delta,
            float[] dout,
            float[] dBias,
            int[] at,
            int o) {
        float[] keysT = context.allocateFloatLocalArray(SIZE * KEYS);
        float[] valuesT = context.allocateFloatLocalArray(SIZE * KEYS);
        float[] query = context.allocateFloatLocalArray(SIZE);
        float[] dOut = context.allocateFloatLocalArray(SIZE);
        float[] scores = context.allocateFloatLocalArray(KEYS);
        float[] dScores = context.allocateFloatLocalArray(KEYS);
        int heads = at[o + 10];
        int queries = at[o + 11];
        int keys = at[o + 12];
        int headSize = at[o + 13];
        int causal = at[o + 14];
        int hidden = heads * headSize;
        int h = context.groupIdx;
        int distances = queries + keys - 1;
        int batch = h * distances < count ? at[o + 15] : 0;
        int size = (headSize + 3) / 4 * 4;
        int biasAt = at[o + 3] + h * distances + queries - 1;
        int dBiasAt = at[o + 9] + h * distances + queries - 1;
        if (batch > 0) {
            for (int d = 0; d < distances; d++) {
                dBias[dBiasAt - queries + 1 + d] = 0f;
            }
        }
        for (int p = 0; p < size; p++) {
            query[p] = 0f;
            dOut[p] = 0f;
        }
        for (int b = 0; b < batch; b++) {
            int base = b * queries * hidden + h * headSize;
            int keyBase = b * keys * hidden + h * headSize;
            int rowAt = (b * heads + h) * queries;
            int rows = queryLengths[at[o + 4] + b];
            int length = keyLengths[at[o + 5] + b];
            for (int start = 0; start < length; start += KEYS) {
                int columns = Math.min(KEYS, length - start);
                int wide = (columns + 7) / 8 * 8;
                for (int p = 0; p < size; p++) {
                    for (int j = 0; j < wide; j++) {
                        keysT[p * KEYS + j] = 0f;
                        valuesT[p * KEYS + j] = 0f;
                    }
                }
                for (int j = 0; j < columns; j++) {
                    int row = keyBase + (start + j) * hidden;
                    for (int p = 0; p < headSize; p++) {
                        keysT[p * KEYS + j] = k[at[o + 1] + row + p];
                        valuesT[p * KEYS + j] = v[at[o + 2] + row + p];
                    }
                }
                for (int i = causal != 0 ? start : 0; i < rows; i++) {
                    int row = base + i * hidden;
                    for (int p = 0; p < headSize; p++) {
                        query[p] = q[at[o] + row + p];
                        dOut[p] = dout[at[o + 8] + row + p];
                    }
                    int to = causal != 0 ? Math.min(columns, i + 1 - start) : columns;
                    int right = (to + 7) / 8 * 8;
                    for (int j = 0; j < right; j++) {
                        scores[j] = 0f;
                        dScores[j] = 0f;
                    }
                    for (int j = 0; j < to; j++) {
                        scores[j] = bias[biasAt - i + start + j];
                    }
                    for (int p = 0; p < size; p += 4) {
                        float a0 = query[p];
                        float a1 = query[p + 1];
                        float a2 = query[p + 2];
                        float a3 = query[p + 3];
                        float d0 = dOut[p];
                        float d1 = dOut[p + 1];
                        float d2 = dOut[p + 2];
                        float d3 = dOut[p + 3];
                        int from = p * KEYS;
                        for (int j = 0; j < right; j++) {
                            scores[j] =
                                    scores[j]
                                            + a0 * keysT[from + j]
                                            + a1 * keysT[from + KEYS + j]
                                            + a2 * keysT[from + 2 * KEYS + j]
                                            + a3 * keysT[from + 3 * KEYS + j];
                            dScores[j] =
                                    dScores[j]
                                            + d0 * valuesT[from + j]
                                            + d1 * valuesT[from + KEYS + j]
                                            + d2 * valuesT[from + 2 * KEYS + j]
                                            + d3 * valuesT[from + 3 * KEYS + j];
                        }
                    }
                    float rowLse = lse[at[o + 6] + rowAt + i];
                    float along = delta[at[o + 7] + rowAt + i];
                    for (int j = 0; j < right; j++) {
                        scores[j] = FloatMath.exp(scores[j] - rowLse) * (dScores[j] - along);
                    }
                    int sumAt = dBiasAt - i + start;
                    for (int j = 0; j < to; j++) {
                        dBias[sumAt + j] = dBias[sumAt + j] + scores[j];
                    }
                }
            }
        }
    }
}
