package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// [AttentionKernels] on a GPU: a work group of side × side work items does one block of rows of
/// one head, against all blocks of the other side in turn; side is 8 or 16. The rows of a block
/// are copied to local memory, a work item computes one score of two blocks, then up to [#CELLS]
/// elements of a result's row, side columns apart. Padding gets no weight.
public final class GpuAttention {
    /// The longest head that the local arrays hold.
    static final int LARGEST_HEAD = 64;

    /// Columns of a work item: as many as the smaller side needs for the longest head.
    private static final int CELLS = 8;

    /// Those that are always computed; the others where the head is longer than their columns.
    private static final int FIRST_CELLS = CELLS / 2;

    /// From one row of a block to the next, and from one row of scores: one more than the longest,
    /// against conflicts of banks.
    private static final int PITCH = LARGEST_HEAD + 1;

    private static final int ROW = GpuSizes.LARGEST_SIDE + 1;

    private static final int BLOCK = GpuSizes.LARGEST_SIDE * PITCH;
    private static final int SCORES = GpuSizes.LARGEST_SIDE * ROW;

    /// Bytes of the gradient's local arrays, of which there are more than of the other's.
    static final long LOCAL_BYTES = 4L * (4 * BLOCK + 3 * SCORES);

    private GpuAttention() {}

    /// A work group for each block of rows of each head.
    ///
    /// @param passes over all of them, beside each other
    static Grid grid(int heads, int width, int side, int passes) {
        int groups = Math.max(1, heads * Grid.blocks(width, side));
        return new Grid(groups * side, passes * side, side, side);
    }

    /// [AttentionKernels#attentionForward]: blocks of queries. The softmax runs along the blocks of
    /// keys: what has been summed is scaled down when a larger score comes (Dao et al., arXiv
    /// 2205.14135).
    public static void attentionForward(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            int[] at,
            int o,
            float scale) {
        float[] queries = context.allocateFloatLocalArray(BLOCK);
        float[] keys = context.allocateFloatLocalArray(BLOCK);
        float[] values = context.allocateFloatLocalArray(BLOCK);
        float[] scores = context.allocateFloatLocalArray(SCORES);
        float[] weights = context.allocateFloatLocalArray(SCORES);
        int side = context.localGroupSizeX;
        int x = context.localIdx;
        int y = context.localIdy;
        int heads = at[o + 6];
        int width = at[o + 7];
        int headSize = at[o + 8];
        int hidden = heads * headSize;
        int blocks = (width + side - 1) / side;
        int head = context.groupIdx / blocks;
        int row = context.groupIdx % blocks * side + y;
        int sequence = head / heads;
        int base = sequence * width * hidden + head % heads * headSize;
        int length = Math.min(width, lengths[at[o + 3] + sequence]);
        for (int p = x; p < headSize; p += side) {
            float query = 0f;
            if (row < width) {
                query = scale * q[at[o] + base + row * hidden + p];
            }
            queries[y * PITCH + p] = query;
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
        for (int start = 0; start < length; start += side) {
            for (int p = x; p < headSize; p += side) {
                float key = 0f;
                float value = 0f;
                if (start + y < length) {
                    key = k[at[o + 1] + base + (start + y) * hidden + p];
                    value = v[at[o + 2] + base + (start + y) * hidden + p];
                }
                keys[y * PITCH + p] = key;
                values[y * PITCH + p] = value;
            }
            context.localBarrier();
            float score = 0f;
            for (int p = 0; p < headSize; p++) {
                score += queries[y * PITCH + p] * keys[x * PITCH + p];
            }
            score = start + x < length ? score : -3e38f;
            scores[y * ROW + x] = score;
            context.localBarrier();
            float max = top;
            for (int j = 0; j < side; j++) {
                max = Math.max(max, scores[y * ROW + j]);
            }
            weights[y * ROW + x] = FloatMath.exp(score - max);
            context.localBarrier();
            float shrink = FloatMath.exp(top - max);
            top = max;
            total = total * shrink;
            s0 = s0 * shrink;
            s1 = s1 * shrink;
            s2 = s2 * shrink;
            s3 = s3 * shrink;
            for (int j = 0; j < side; j++) {
                float weight = weights[y * ROW + j];
                int from = j * PITCH + x;
                total += weight;
                s0 += weight * values[from];
                s1 += weight * values[from + side];
                s2 += weight * values[from + 2 * side];
                s3 += weight * values[from + 3 * side];
            }
            if (headSize > FIRST_CELLS * side) {
                s4 = s4 * shrink;
                s5 = s5 * shrink;
                s6 = s6 * shrink;
                s7 = s7 * shrink;
                for (int j = 0; j < side; j++) {
                    float weight = weights[y * ROW + j];
                    int from = j * PITCH + x;
                    s4 += weight * values[from + 4 * side];
                    s5 += weight * values[from + 5 * side];
                    s6 += weight * values[from + 6 * side];
                    s7 += weight * values[from + 7 * side];
                }
            }
            context.localBarrier();
        }
        float inverse = 1f / Math.max(total, 1e-30f);
        for (int c = 0; c < CELLS; c++) {
            float low = c == 0 ? s0 : c == 1 ? s1 : c == 2 ? s2 : s3;
            float high = c == 4 ? s4 : c == 5 ? s5 : c == 6 ? s6 : s7;
            float sum = c < FIRST_CELLS ? low : high;
            int p = x + c * side;
            if (row < width && p < headSize) {
                out[at[o + 4] + base + row * hidden + p] = row < length ? sum * inverse : 0f;
            }
        }
        if (row < width && x == 0) {
            float logarithm = top + FloatMath.logOfSum(Math.max(total, 1f));
            lse[at[o + 5] + head * width + row] = row < length ? logarithm : 0f;
        }
    }

    /// [AttentionKernels#attentionGradient], in two passes beside each other: the first does blocks
    /// of keys, the second blocks of queries. Both compute the same scores of their own rows and
    /// the other side's, and sum along the other side.
    public static void attentionGradient(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] dk,
            float[] dv,
            int[] at,
            int o,
            float scale) {
        float[] mine = context.allocateFloatLocalArray(BLOCK);
        float[] mineOut = context.allocateFloatLocalArray(BLOCK);
        float[] other = context.allocateFloatLocalArray(BLOCK);
        float[] otherOut = context.allocateFloatLocalArray(BLOCK);
        float[] weights = context.allocateFloatLocalArray(SCORES);
        float[] dScores = context.allocateFloatLocalArray(SCORES);
        float[] deltas = context.allocateFloatLocalArray(SCORES);
        int side = context.localGroupSizeX;
        int x = context.localIdx;
        int y = context.localIdy;
        int ofKeys = context.groupIdy == 0 ? 1 : 0;
        int heads = at[o + 10];
        int width = at[o + 11];
        int headSize = at[o + 12];
        int hidden = heads * headSize;
        int blocks = (width + side - 1) / side;
        int head = context.groupIdx / blocks;
        int first = context.groupIdx % blocks * side;
        int row = first + y;
        int sequence = head / heads;
        int base = sequence * width * hidden + head % heads * headSize;
        int length = Math.min(width, lengths[at[o + 3] + sequence]);
        // keys and values, or queries and the gradients of what came of them
        for (int p = x; p < headSize; p += side) {
            float mineValue = 0f;
            float mineOutValue = 0f;
            int from = base + row * hidden + p;
            if (row < length) {
                if (ofKeys == 1) {
                    mineValue = k[at[o + 1] + from];
                    mineOutValue = v[at[o + 2] + from];
                } else {
                    mineValue = q[at[o] + from];
                    mineOutValue = dout[at[o + 6] + from];
                }
            }
            mine[y * PITCH + p] = mineValue;
            mineOut[y * PITCH + p] = mineOutValue;
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
        int end = first < length ? length : 0;
        for (int start = 0; start < end; start += side) {
            float delta = 0f;
            int query = ofKeys == 1 ? start + y : row;
            for (int p = x; p < headSize; p += side) {
                float otherValue = 0f;
                float otherOutValue = 0f;
                int from = base + (start + y) * hidden + p;
                if (start + y < length) {
                    if (ofKeys == 1) {
                        otherValue = q[at[o] + from];
                        otherOutValue = dout[at[o + 6] + from];
                    } else {
                        otherValue = k[at[o + 1] + from];
                        otherOutValue = v[at[o + 2] + from];
                    }
                }
                other[y * PITCH + p] = otherValue;
                otherOut[y * PITCH + p] = otherOutValue;
                if (query < length) {
                    int place = base + query * hidden + p;
                    delta += dout[at[o + 6] + place] * out[at[o + 4] + place];
                }
            }
            deltas[y * ROW + x] = delta;
            context.localBarrier();
            float score = 0f;
            float product = 0f;
            for (int p = 0; p < headSize; p++) {
                score += mine[y * PITCH + p] * other[x * PITCH + p];
                product += mineOut[y * PITCH + p] * otherOut[x * PITCH + p];
            }
            int line = ofKeys == 1 ? x : y;
            float whole = 0f;
            for (int j = 0; j < side; j++) {
                whole += deltas[line * ROW + j];
            }
            float weight = 0f;
            if (row < length && start + x < length) {
                int scored = ofKeys == 1 ? start + x : row;
                weight = FloatMath.exp(scale * score - lse[at[o + 5] + head * width + scored]);
            }
            weights[y * ROW + x] = weight;
            dScores[y * ROW + x] = scale * weight * (product - whole);
            context.localBarrier();
            for (int j = 0; j < side; j++) {
                float d = dScores[y * ROW + j];
                float w = weights[y * ROW + j];
                int from = j * PITCH + x;
                s0 += d * other[from];
                s1 += d * other[from + side];
                s2 += d * other[from + 2 * side];
                s3 += d * other[from + 3 * side];
                w0 += w * otherOut[from];
                w1 += w * otherOut[from + side];
                w2 += w * otherOut[from + 2 * side];
                w3 += w * otherOut[from + 3 * side];
            }
            if (headSize > FIRST_CELLS * side) {
                for (int j = 0; j < side; j++) {
                    float d = dScores[y * ROW + j];
                    float w = weights[y * ROW + j];
                    int from = j * PITCH + x;
                    s4 += d * other[from + 4 * side];
                    s5 += d * other[from + 5 * side];
                    s6 += d * other[from + 6 * side];
                    s7 += d * other[from + 7 * side];
                    w4 += w * otherOut[from + 4 * side];
                    w5 += w * otherOut[from + 5 * side];
                    w6 += w * otherOut[from + 6 * side];
                    w7 += w * otherOut[from + 7 * side];
                }
            }
            context.localBarrier();
        }
        for (int c = 0; c < CELLS; c++) {
            float low = c == 0 ? s0 : c == 1 ? s1 : c == 2 ? s2 : s3;
            float high = c == 4 ? s4 : c == 5 ? s5 : c == 6 ? s6 : s7;
            float lowOut = c == 0 ? w0 : c == 1 ? w1 : c == 2 ? w2 : w3;
            float highOut = c == 4 ? w4 : c == 5 ? w5 : c == 6 ? w6 : w7;
            float sum = c < FIRST_CELLS ? low : high;
            float sumOut = c < FIRST_CELLS ? lowOut : highOut;
            int p = x + c * side;
            int to = base + row * hidden + p;
            if (row < width && p < headSize) {
                if (ofKeys == 1) {
                    dk[at[o + 8] + to] = sum;
                    dv[at[o + 9] + to] = sumOut;
                } else {
                    dq[at[o + 7] + to] = sum;
                }
            }
        }
    }
}
