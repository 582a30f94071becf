package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// [BiasedAttentionKernels] on a GPU: attention as in [GpuAttention], with a bias. The gradients of
/// queries and of keys are passes of their own.
public final class GpuBiasedAttention {
    private static final int ROW = GpuAttention.ROW;

    private GpuBiasedAttention() {}

    /// [BiasedAttentionKernels#biasedAttention]: blocks of queries.
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
        int rows = context.localGroupSizeY;
        int blocks = (queries + rows - 1) / rows;
        int head = context.groupIdx / blocks;
        int sequence = head / heads;
        int h = head % heads;
        int base = sequence * queries * hidden + h * headSize;
        int keyBase = sequence * keys * hidden + h * headSize;
        GpuAttentionForward.attend(
                context,
                context.groupIdx % blocks * rows,
                queries,
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

    /// [BiasedAttentionKernels#biasedAttentionQueryGradient]: blocks of queries.
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
        int rows = context.localGroupSizeY;
        int blocks = (queries + rows - 1) / rows;
        int head = context.groupIdx / blocks;
        int sequence = head / heads;
        int h = head % heads;
        int base = sequence * queries * hidden + h * headSize;
        int keyBase = sequence * keys * hidden + h * headSize;
        GpuAttentionGradient.sum(
                context,
                0,
                context.groupIdx % blocks * rows,
                1,
                queries,
                keys,
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

    /// [BiasedAttentionKernels#biasedAttentionKeyGradient]: blocks of keys.
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
        int rows = context.localGroupSizeY;
        int blocks = (keys + rows - 1) / rows;
        int head = context.groupIdx / blocks;
        int sequence = head / heads;
        int h = head % heads;
        int base = sequence * queries * hidden + h * headSize;
        int keyBase = sequence * keys * hidden + h * headSize;
        GpuAttentionGradient.sum(
                context,
                1,
                context.groupIdx % blocks * rows,
                1,
                queries,
                keys,
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

    /// [BiasedAttentionKernels#biasedAttentionBiasGradient]: a work group of side × side work items
    /// does `side` neighbouring distances of one head, over all sequences. It takes the queries in
    /// blocks; a work item's query is its row's, its key lies its column's distance away, so that
    /// the keys of a block are one less than two blocks.
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
        float[] mine = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] other = context.allocateFloatLocalArray(2 * GpuAttention.BLOCK);
        float[] sums = context.allocateFloatLocalArray(GpuAttention.SCORES);
        int heads = at[o + 10];
        int queries = at[o + 11];
        int keys = at[o + 12];
        int headSize = at[o + 13];
        int causal = at[o + 14];
        int batch = at[o + 15];
        int hidden = heads * headSize;
        int side = context.localGroupSizeY;
        int x = context.localIdx;
        int y = context.localIdy;
        int pitch = GpuAttention.pitch(headSize);
        int distances = queries + keys - 1;
        int blocks = (distances + side - 1) / side;
        int h = context.groupIdx / blocks;
        int entry = context.groupIdx % blocks * side;
        int nearest = entry - queries + 1;
        int distance = nearest + x;
        int isMine = entry + x < distances ? 1 : 0;
        isMine = causal != 0 ? (distance <= 0 ? isMine : 0) : isMine;
        float value = 0f;
        if (isMine == 1) {
            value = bias[at[o + 3] + h * distances + entry + x];
        }
        float total = 0f;
        int begin = Math.max(0, -(nearest + side - 1));
        int most = Math.min(queries, keys - nearest);
        int steps = (Math.max(0, most - begin) + side - 1) / side;
        // one loop over sequences and blocks, as in GpuAttentionGradient
        for (int step = 0; step < batch * steps; step++) {
            int b = step / steps;
            int start = begin + step % steps * side;
            int length = keyLengths[at[o + 5] + b];
            int end = Math.min(queryLengths[at[o + 4] + b], length - nearest);
            int rowAt = (b * heads + h) * queries;
            int base = b * queries * hidden + h * headSize;
            int keyBase = b * keys * hidden + h * headSize;
            int row = start + y;
            int key = start + nearest + y;
            for (int p = x; p < headSize; p += side) {
                float near = 0f;
                float far = 0f;
                mine[y * pitch + p] = row < end ? q[at[o] + base + row * hidden + p] : 0f;
                if (key >= 0 && key < length) {
                    near = k[at[o + 1] + keyBase + key * hidden + p];
                }
                if (key + side >= 0 && key + side < length) {
                    far = k[at[o + 1] + keyBase + (key + side) * hidden + p];
                }
                other[y * pitch + p] = near;
                other[(y + side) * pitch + p] = far;
            }
            context.localBarrier();
            float score = value;
            for (int p = 0; p < headSize; p++) {
                score += mine[y * pitch + p] * other[(x + y) * pitch + p];
            }
            context.localBarrier();
            for (int p = x; p < headSize; p += side) {
                float near = 0f;
                float far = 0f;
                mine[y * pitch + p] = row < end ? dout[at[o + 8] + base + row * hidden + p] : 0f;
                if (key >= 0 && key < length) {
                    near = v[at[o + 2] + keyBase + key * hidden + p];
                }
                if (key + side >= 0 && key + side < length) {
                    far = v[at[o + 2] + keyBase + (key + side) * hidden + p];
                }
                other[y * pitch + p] = near;
                other[(y + side) * pitch + p] = far;
            }
            context.localBarrier();
            float product = 0f;
            for (int p = 0; p < headSize; p++) {
                product += mine[y * pitch + p] * other[(x + y) * pitch + p];
            }
            int seen = row < end ? isMine : 0;
            seen = row + distance >= 0 ? seen : 0;
            seen = row + distance < length ? seen : 0;
            if (seen == 1) {
                float weight = FloatMath.exp(score - lse[at[o + 6] + rowAt + row]);
                total += weight * (product - delta[at[o + 7] + rowAt + row]);
            }
            context.localBarrier();
        }
        sums[y * ROW + x] = total;
        context.localBarrier();
        if (y == 0 && entry + x < distances) {
            float sum = 0f;
            for (int i = 0; i < side; i++) {
                sum += sums[i * ROW + x];
            }
            dBias[at[o + 9] + h * distances + entry + x] = sum;
        }
    }
}
