package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// The one body of attention on a GPU: a work group does a block of queries of one head, one a row
/// of work items, against all blocks of keys that one of them sees. The rows of a block are copied
/// to local memory, a work item computes one score of two blocks, then up to [GpuAttention#CELLS]
/// elements of a result's row, as many columns apart as a row has work items.
final class GpuAttentionForward {
    private static final int ROW = GpuAttention.ROW;

    private GpuAttentionForward() {}

    /// The same as [CpuAttentionForward#attend], from whose arguments these differ by `first`, the
    /// block's first query. A group has at least as many work items a row as it has rows.
    static void attend(
            KernelContext context,
            int first,
            int width,
            int headSize,
            int hidden,
            int keyHidden,
            float[] q,
            int qAt,
            float[] k,
            int kAt,
            float[] v,
            int vAt,
            float[] bias,
            int biasAt,
            int biased,
            int[] marks,
            int marksAt,
            int packed,
            int firstQuery,
            int endQuery,
            int shift,
            int allKeys,
            int causal,
            int window,
            float[] out,
            int outAt,
            float[] lse,
            int lseAt,
            float scale) {
        float[] queries = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] keys = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] values = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] scores = context.allocateFloatLocalArray(GpuAttention.SCORES);
        float[] weights = context.allocateFloatLocalArray(GpuAttention.SCORES);
        int items = context.localGroupSizeX;
        int rows = context.localGroupSizeY;
        int x = context.localIdx;
        int y = context.localIdy;
        int pitch = GpuAttention.pitch(headSize);
        int row = first + y;
        for (int p = x; p < headSize; p += items) {
            float query = 0f;
            if (row < width) {
                query = scale * q[qAt + row * hidden + p];
            }
            queries[y * pitch + p] = query;
        }
        int lowest = Math.max(first, firstQuery);
        int highest = Math.min(first + rows, endQuery);
        int begin = 0;
        int end = 0;
        if (lowest < highest) {
            int mark = packed != 0 ? marks[marksAt + lowest] : 0;
            begin = AttentionReach.begin(lowest + shift, window, mark);
            end = AttentionReach.end(highest - 1 + shift, causal, allKeys);
        }
        int from = 0;
        int to = 0;
        if (row >= firstQuery && row < endQuery) {
            int mark = packed != 0 ? marks[marksAt + row] : 0;
            from = AttentionReach.begin(row + shift, window, mark);
            to = AttentionReach.end(row + shift, causal, allKeys);
        }
        float top = -3e38f;
        float total = 0f;
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        float s4 = 0f;
        float s5 = 0f;
        float s6 = 0f;
        float s7 = 0f;
        for (int start = begin; start < end; start += rows) {
            for (int p = x; p < headSize; p += items) {
                float key = 0f;
                float value = 0f;
                if (start + y < end) {
                    key = k[kAt + (start + y) * keyHidden + p];
                    value = v[vAt + (start + y) * keyHidden + p];
                }
                keys[y * pitch + p] = key;
                values[y * pitch + p] = value;
            }
            context.localBarrier();
            int j = start + x;
            int seen = j >= from ? 1 : 0;
            seen = j < to ? seen : 0;
            seen = x < rows ? seen : 0;
            float score = -3e38f;
            if (seen == 1) {
                score = biased != 0 ? bias[biasAt - row + j] : 0f;
                for (int p = 0; p < headSize; p++) {
                    score += queries[y * pitch + p] * keys[x * pitch + p];
                }
            }
            scores[y * ROW + x] = score;
            context.localBarrier();
            float max = top;
            for (int i = 0; i < rows; i++) {
                max = Math.max(max, scores[y * ROW + i]);
            }
            weights[y * ROW + x] = seen == 1 ? FloatMath.exp(score - max) : 0f;
            context.localBarrier();
            float shrink = FloatMath.exp(top - max);
            top = max;
            total = total * shrink;
            s0 = s0 * shrink;
            s1 = s1 * shrink;
            s2 = s2 * shrink;
            s3 = s3 * shrink;
            for (int i = 0; i < rows; i++) {
                float weight = weights[y * ROW + i];
                int at = i * pitch + x;
                total += weight;
                s0 += weight * values[at];
                s1 += weight * values[at + items];
                s2 += weight * values[at + 2 * items];
                s3 += weight * values[at + 3 * items];
            }
            if (headSize > GpuAttention.FIRST_CELLS * items) {
                s4 = s4 * shrink;
                s5 = s5 * shrink;
                s6 = s6 * shrink;
                s7 = s7 * shrink;
                for (int i = 0; i < rows; i++) {
                    float weight = weights[y * ROW + i];
                    int at = i * pitch + x;
                    s4 += weight * values[at + 4 * items];
                    s5 += weight * values[at + 5 * items];
                    s6 += weight * values[at + 6 * items];
                    s7 += weight * values[at + 7 * items];
                }
            }
            context.localBarrier();
        }
        // of a query that sees a key the largest weight is 1
        float inverse = total > 0f ? 1f / Math.max(total, 1e-30f) : 0f;
        for (int c = 0; c < GpuAttention.CELLS; c++) {
            float low = c == 0 ? s0 : c == 1 ? s1 : c == 2 ? s2 : s3;
            float high = c == 4 ? s4 : c == 5 ? s5 : c == 6 ? s6 : s7;
            float sum = c < GpuAttention.FIRST_CELLS ? low : high;
            int p = x + c * items;
            if (row < width && p < headSize) {
                out[outAt + row * hidden + p] = total > 0f ? sum * inverse : 0f;
            }
        }
        if (row < width && x == 0) {
            float logarithm = top + FloatMath.logOfSum(Math.max(total, 1f));
            lse[lseAt + row] = total > 0f ? logarithm : 0f;
        }
    }
}
