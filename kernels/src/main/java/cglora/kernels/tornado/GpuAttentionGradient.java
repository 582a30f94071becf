package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// The one body of attention's gradients on a GPU: a work group does a block of keys, for the
/// gradients of keys and values, or a block of queries. Both compute the same scores of their own
/// rows and the other side's, and sum along the other side.
final class GpuAttentionGradient {
    private static final int ROW = GpuAttention.ROW;

    private GpuAttentionGradient() {}

    /// Arguments are as in [CpuAttentionForward#attend], but that those of queries are the first
    /// head's of those that share the keys.
    ///
    /// @param ofKeys  1 for a block of keys, 0 for one of queries
    /// @param first   the block's first row
    /// @param sharing heads that share the keys; 1 for a block of queries
    /// @param deltas  `dout · out` of each query, as it is given, where `given` is 1, or as it is
    ///     kept, where `kept` is 1 and the block is one of queries
    static void sum(
            KernelContext context,
            int ofKeys,
            int first,
            int sharing,
            int width,
            int keyWidth,
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
            float[] dout,
            int doutAt,
            float[] dq,
            int dqAt,
            float[] dk,
            int dkAt,
            float[] dv,
            int dvAt,
            float[] delta,
            int deltaAt,
            int given,
            int kept,
            float scale) {
        float[] mine = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] mineOut = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] other = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] otherOut = context.allocateFloatLocalArray(GpuAttention.BLOCK);
        float[] weights = context.allocateFloatLocalArray(GpuAttention.SCORES);
        float[] dScores = context.allocateFloatLocalArray(GpuAttention.SCORES);
        float[] parts = context.allocateFloatLocalArray(GpuAttention.SCORES);
        int items = context.localGroupSizeX;
        int rows = context.localGroupSizeY;
        int x = context.localIdx;
        int y = context.localIdy;
        int pitch = GpuAttention.pitch(headSize);
        int row = first + y;
        int firstReal = ofKeys == 1 ? 0 : firstQuery;
        int endReal = ofKeys == 1 ? allKeys : endQuery;
        int isReal = row >= firstReal ? 1 : 0;
        isReal = row < endReal ? isReal : 0;
        // keys and values, or queries and the gradients of what came of them
        for (int p = x; p < headSize; p += items) {
            float mineValue = 0f;
            float mineOutValue = 0f;
            if (isReal == 1) {
                if (ofKeys == 1) {
                    mineValue = k[kAt + row * keyHidden + p];
                    mineOutValue = v[vAt + row * keyHidden + p];
                } else {
                    mineValue = q[qAt + row * hidden + p];
                    mineOutValue = dout[doutAt + row * hidden + p];
                }
            }
            mine[y * pitch + p] = mineValue;
            mineOut[y * pitch + p] = mineOutValue;
        }
        // the rows of the other side: queries that see the block, or keys that it sees
        int begin = causal != 0 ? Math.max(firstQuery, first - shift) : firstQuery;
        int most = first < allKeys ? endQuery : begin;
        most = ofKeys == 1 ? most : begin;
        int seeing = 0;
        for (int i = begin; i < most; i += rows) {
            int mark = packed != 0 ? marks[marksAt + i] : 0;
            int key = AttentionReach.begin(i + shift, window, mark);
            seeing += key < first + rows ? rows : 0;
        }
        int end = Math.min(most, begin + seeing);
        if (ofKeys != 1) {
            int lowest = Math.max(first, firstQuery);
            int highest = Math.min(first + rows, endQuery);
            begin = 0;
            end = 0;
            if (lowest < highest) {
                int mark = packed != 0 ? marks[marksAt + lowest] : 0;
                begin = AttentionReach.begin(lowest + shift, window, mark);
                end = AttentionReach.end(highest - 1 + shift, causal, allKeys);
            }
        }
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        float s4 = 0f;
        float s5 = 0f;
        float s6 = 0f;
        float s7 = 0f;
        float w0 = 0f;
        float w1 = 0f;
        float w2 = 0f;
        float w3 = 0f;
        float w4 = 0f;
        float w5 = 0f;
        float w6 = 0f;
        float w7 = 0f;
        float along = 0f;
        int blocks = (Math.max(0, end - begin) + rows - 1) / rows;
        // one loop over heads and blocks: barriers within two are compiled wrongly by PoCL 3.1
        for (int step = 0; step < sharing * blocks; step++) {
            int g = step / blocks;
            int start = begin + step % blocks * rows;
            int head = g * headSize;
            float part = 0f;
            int query = ofKeys == 1 ? start + y : row;
            int isQuery = query >= firstQuery ? 1 : 0;
            isQuery = query < endQuery ? isQuery : 0;
            for (int p = x; p < headSize; p += items) {
                float otherValue = 0f;
                float otherOutValue = 0f;
                if (start + y < end) {
                    if (ofKeys == 1) {
                        otherValue = q[qAt + head + (start + y) * hidden + p];
                        otherOutValue = dout[doutAt + head + (start + y) * hidden + p];
                    } else {
                        otherValue = k[kAt + (start + y) * keyHidden + p];
                        otherOutValue = v[vAt + (start + y) * keyHidden + p];
                    }
                }
                other[y * pitch + p] = otherValue;
                otherOut[y * pitch + p] = otherOutValue;
                if (isQuery == 1 && given == 0) {
                    int place = head + query * hidden + p;
                    part += dout[doutAt + place] * out[outAt + place];
                }
            }
            if (given == 1) {
                if (x == 0 && isQuery == 1) {
                    part = delta[deltaAt + query];
                }
            }
            parts[y * ROW + x] = part;
            context.localBarrier();
            int line = ofKeys == 1 ? x : y;
            line = Math.min(line, rows - 1);
            float whole = 0f;
            for (int n = 0; n < items; n++) {
                whole += parts[line * ROW + n];
            }
            along = whole;
            int i = ofKeys == 1 ? start + x : row;
            int j = ofKeys == 1 ? row : start + x;
            int seen = x < rows ? isReal : 0;
            seen = i >= firstQuery ? seen : 0;
            seen = i < endQuery ? seen : 0;
            float weight = 0f;
            float product = 0f;
            if (seen == 1) {
                int mark = packed != 0 ? marks[marksAt + i] : 0;
                int from = AttentionReach.begin(i + shift, window, mark);
                int to = AttentionReach.end(i + shift, causal, allKeys);
                if (j >= from && j < to) {
                    float score = 0f;
                    for (int p = 0; p < headSize; p++) {
                        score += mine[y * pitch + p] * other[x * pitch + p];
                        product += mineOut[y * pitch + p] * otherOut[x * pitch + p];
                    }
                    float added = biased != 0 ? bias[biasAt - i + j] : 0f;
                    weight = FloatMath.exp(scale * score + added - lse[lseAt + g * width + i]);
                }
            }
            weights[y * ROW + x] = weight;
            dScores[y * ROW + x] = scale * weight * (product - whole);
            context.localBarrier();
            for (int n = 0; n < rows; n++) {
                float d = dScores[y * ROW + n];
                float w = weights[y * ROW + n];
                int at = n * pitch + x;
                s0 += d * other[at];
                s1 += d * other[at + items];
                s2 += d * other[at + 2 * items];
                s3 += d * other[at + 3 * items];
                w0 += w * otherOut[at];
                w1 += w * otherOut[at + items];
                w2 += w * otherOut[at + 2 * items];
                w3 += w * otherOut[at + 3 * items];
            }
            if (headSize > GpuAttention.FIRST_CELLS * items) {
                for (int n = 0; n < rows; n++) {
                    float d = dScores[y * ROW + n];
                    float w = weights[y * ROW + n];
                    int at = n * pitch + x;
                    s4 += d * other[at + 4 * items];
                    s5 += d * other[at + 5 * items];
                    s6 += d * other[at + 6 * items];
                    s7 += d * other[at + 7 * items];
                    w4 += w * otherOut[at + 4 * items];
                    w5 += w * otherOut[at + 5 * items];
                    w6 += w * otherOut[at + 6 * items];
                    w7 += w * otherOut[at + 7 * items];
                }
            }
            context.localBarrier();
        }
        for (int c = 0; c < GpuAttention.CELLS; c++) {
            float low = c == 0 ? s0 : c == 1 ? s1 : c == 2 ? s2 : s3;
            float high = c == 4 ? s4 : c == 5 ? s5 : c == 6 ? s6 : s7;
            float lowOut = c == 0 ? w0 : c == 1 ? w1 : c == 2 ? w2 : w3;
            float highOut = c == 4 ? w4 : c == 5 ? w5 : c == 6 ? w6 : w7;
            float sum = c < GpuAttention.FIRST_CELLS ? low : high;
            float sumOut = c < GpuAttention.FIRST_CELLS ? lowOut : highOut;
            int p = x + c * items;
            if (p < headSize) {
                if (ofKeys == 1) {
                    if (row < keyWidth) {
                        dk[dkAt + row * keyHidden + p] = sum;
                        dv[dvAt + row * keyHidden + p] = sumOut;
                    }
                } else {
                    if (row < width) {
                        dq[dqAt + row * hidden + p] = sum;
                    }
                }
            }
        }
        if (kept == 1) {
            if (x == 0 && row < width) {
                delta[deltaAt + row] = along;
            }
        }
    }
}
