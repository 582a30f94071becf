package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// The one body of attention's gradients on a CPU device: a work group of one work item does one
/// head of the keys of one sequence, with all heads of queries that share it. The gradients of a
/// block of keys are summed in local arrays over all blocks of queries; those of the queries in
/// their place. See [CpuAttentionForward].
final class CpuAttentionGradient {
    private static final int SIZE = CpuAttention.LARGEST_HEAD;
    private static final int QUERIES = CpuAttention.QUERIES;
    private static final int KEYS = CpuAttention.KEYS;

    private CpuAttentionGradient() {}

    /// Arguments are as in [CpuAttentionForward#attend]; those of queries are the first head's of
    /// the `sharing` that share the keys. `width` and `keyWidth` are 0 where there is nothing to
    /// do.
    ///
    /// @param ofQueries 1 where the gradient of queries is wanted; `ofKeys` likewise, of keys and
    ///     values
    /// @param deltas    `dout · out` of each query: what is given where `given` is 1, and kept
    ///     where `kept` is 1
    static void sum(
            KernelContext context,
            int ofQueries,
            int ofKeys,
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
            float[] deltas,
            int deltaAt,
            int given,
            int kept,
            float scale) {
        float[] keysT = context.allocateFloatLocalArray(SIZE * KEYS);
        float[] valuesT = context.allocateFloatLocalArray(SIZE * KEYS);
        float[] keys = context.allocateFloatLocalArray(KEYS * SIZE);
        float[] dKeys = context.allocateFloatLocalArray(KEYS * SIZE);
        float[] dValues = context.allocateFloatLocalArray(KEYS * SIZE);
        float[] queries = context.allocateFloatLocalArray(QUERIES * SIZE);
        float[] dOuts = context.allocateFloatLocalArray(QUERIES * SIZE);
        float[] dQueries = context.allocateFloatLocalArray(SIZE);
        float[] weights = context.allocateFloatLocalArray(QUERIES * KEYS);
        float[] dScores = context.allocateFloatLocalArray(QUERIES * KEYS);
        if (ofKeys == 1) {
            for (int j = 0; j < keyWidth; j++) {
                for (int p = 0; p < headSize; p++) {
                    dk[dkAt + j * keyHidden + p] = 0f;
                    dv[dvAt + j * keyHidden + p] = 0f;
                }
            }
        }
        if (ofQueries == 1) {
            for (int i = 0; i < width; i++) {
                for (int p = 0; p < sharing * headSize; p++) {
                    dq[dqAt + i * hidden + p] = 0f;
                }
            }
        }
        if (kept == 1) {
            for (int i = 0; i < width; i++) {
                deltas[deltaAt + i] = 0f;
            }
        }
        int size = (headSize + 7) / 8 * 8;
        int length = Math.min(keyWidth, allKeys);
        for (int start = 0; start < length; start += KEYS) {
            int columns = Math.min(KEYS, length - start);
            int wide = (columns + 7) / 8 * 8;
            for (int j = 0; j < wide; j++) {
                for (int p = 0; p < size; p++) {
                    keys[j * SIZE + p] = 0f;
                    dKeys[j * SIZE + p] = 0f;
                    dValues[j * SIZE + p] = 0f;
                }
            }
            for (int p = 0; p < size; p++) {
                for (int j = 0; j < wide; j++) {
                    keysT[p * KEYS + j] = 0f;
                    valuesT[p * KEYS + j] = 0f;
                }
            }
            for (int j = 0; j < columns; j++) {
                int kFrom = kAt + (start + j) * keyHidden;
                int vFrom = vAt + (start + j) * keyHidden;
                for (int p = 0; p < headSize; p++) {
                    float key = k[kFrom + p];
                    keys[j * SIZE + p] = key;
                    keysT[p * KEYS + j] = key;
                    valuesT[p * KEYS + j] = v[vFrom + p];
                }
            }
            for (int g = 0; g < sharing; g++) {
                int head = g * headSize;
                for (int first = firstQuery; first < endQuery; first += QUERIES) {
                    int rows = Math.min(QUERIES, endQuery - first);
                    int tall = (rows + 7) / 8 * 8;
                    int firstMark = packed != 0 ? marks[marksAt + first] : 0;
                    int begin = AttentionReach.begin(first + shift, window, firstMark);
                    int end = AttentionReach.end(first + rows - 1 + shift, causal, allKeys);
                    if (Math.max(begin, start) < Math.min(end, start + columns)) {
                        for (int i = 0; i < tall; i++) {
                            for (int p = 0; p < size; p++) {
                                queries[i * SIZE + p] = 0f;
                                dOuts[i * SIZE + p] = 0f;
                            }
                            for (int j = 0; j < wide; j++) {
                                weights[i * KEYS + j] = 0f;
                                dScores[i * KEYS + j] = 0f;
                            }
                        }
                        for (int i = 0; i < rows; i++) {
                            int query = first + i;
                            int place = head + query * hidden;
                            float delta = 0f;
                            for (int p = 0; p < headSize; p++) {
                                float gradient = dout[doutAt + place + p];
                                queries[i * SIZE + p] = q[qAt + place + p];
                                dOuts[i * SIZE + p] = gradient;
                            }
                            if (given == 1) {
                                delta = deltas[deltaAt + query];
                            } else {
                                for (int p = 0; p < headSize; p++) {
                                    delta += dOuts[i * SIZE + p] * out[outAt + place + p];
                                }
                            }
                            if (kept == 1) {
                                deltas[deltaAt + query] = delta;
                            }
                            int row = i * KEYS;
                            int mark = packed != 0 ? marks[marksAt + query] : 0;
                            int seen = AttentionReach.begin(query + shift, window, mark) - start;
                            int from = Math.min(columns, Math.max(0, seen));
                            int unseen = AttentionReach.end(query + shift, causal, allKeys) - start;
                            int to = Math.max(from, Math.min(columns, unseen));
                            int left = from / 8 * 8;
                            int right = from < to ? (to + 7) / 8 * 8 : left;
                            if (biased != 0) {
                                for (int j = from; j < to; j++) {
                                    weights[row + j] = bias[biasAt - query + start + j];
                                }
                            }
                            for (int p = 0; p < size; p += 4) {
                                int a = i * SIZE + p;
                                float a0 = scale * queries[a];
                                float a1 = scale * queries[a + 1];
                                float a2 = scale * queries[a + 2];
                                float a3 = scale * queries[a + 3];
                                float d0 = dOuts[a];
                                float d1 = dOuts[a + 1];
                                float d2 = dOuts[a + 2];
                                float d3 = dOuts[a + 3];
                                int b = p * KEYS;
                                for (int j = left; j < right; j++) {
                                    weights[row + j] =
                                            weights[row + j]
                                                    + a0 * keysT[b + j]
                                                    + a1 * keysT[b + KEYS + j]
                                                    + a2 * keysT[b + 2 * KEYS + j]
                                                    + a3 * keysT[b + 3 * KEYS + j];
                                    dScores[row + j] =
                                            dScores[row + j]
                                                    + d0 * valuesT[b + j]
                                                    + d1 * valuesT[b + KEYS + j]
                                                    + d2 * valuesT[b + 2 * KEYS + j]
                                                    + d3 * valuesT[b + 3 * KEYS + j];
                                }
                            }
                            float rowLse = lse[lseAt + g * width + query];
                            for (int j = left; j < right; j++) {
                                float weight = FloatMath.exp(weights[row + j] - rowLse);
                                weights[row + j] = weight;
                                dScores[row + j] = scale * weight * (dScores[row + j] - delta);
                            }
                            for (int j = left; j < from; j++) {
                                weights[row + j] = 0f;
                                dScores[row + j] = 0f;
                            }
                            for (int j = to; j < right; j++) {
                                weights[row + j] = 0f;
                                dScores[row + j] = 0f;
                            }
                            if (ofQueries == 1) {
                                for (int p = 0; p < size; p++) {
                                    dQueries[p] = 0f;
                                }
                                for (int j = left; j < right; j += 8) {
                                    float a0 = dScores[row + j];
                                    float a1 = dScores[row + j + 1];
                                    float a2 = dScores[row + j + 2];
                                    float a3 = dScores[row + j + 3];
                                    float a4 = dScores[row + j + 4];
                                    float a5 = dScores[row + j + 5];
                                    float a6 = dScores[row + j + 6];
                                    float a7 = dScores[row + j + 7];
                                    int b = j * SIZE;
                                    for (int p = 0; p < size; p++) {
                                        dQueries[p] =
                                                dQueries[p]
                                                        + a0 * keys[b + p]
                                                        + a1 * keys[b + SIZE + p]
                                                        + a2 * keys[b + 2 * SIZE + p]
                                                        + a3 * keys[b + 3 * SIZE + p]
                                                        + a4 * keys[b + 4 * SIZE + p]
                                                        + a5 * keys[b + 5 * SIZE + p]
                                                        + a6 * keys[b + 6 * SIZE + p]
                                                        + a7 * keys[b + 7 * SIZE + p];
                                    }
                                }
                                int dqTo = dqAt + place;
                                for (int p = 0; p < headSize; p++) {
                                    dq[dqTo + p] = dq[dqTo + p] + dQueries[p];
                                }
                            }
                        }
                        if (ofKeys == 1) {
                            for (int i = 0; i < tall; i += 4) {
                                int b = i * SIZE;
                                for (int j = 0; j < columns; j++) {
                                    int a = i * KEYS + j;
                                    float s0 = dScores[a];
                                    float s1 = dScores[a + KEYS];
                                    float s2 = dScores[a + 2 * KEYS];
                                    float s3 = dScores[a + 3 * KEYS];
                                    float w0 = weights[a];
                                    float w1 = weights[a + KEYS];
                                    float w2 = weights[a + 2 * KEYS];
                                    float w3 = weights[a + 3 * KEYS];
                                    int keyAt = j * SIZE;
                                    for (int p = 0; p < size; p++) {
                                        dKeys[keyAt + p] =
                                                dKeys[keyAt + p]
                                                        + s0 * queries[b + p]
                                                        + s1 * queries[b + SIZE + p]
                                                        + s2 * queries[b + 2 * SIZE + p]
                                                        + s3 * queries[b + 3 * SIZE + p];
                                        dValues[keyAt + p] =
                                                dValues[keyAt + p]
                                                        + w0 * dOuts[b + p]
                                                        + w1 * dOuts[b + SIZE + p]
                                                        + w2 * dOuts[b + 2 * SIZE + p]
                                                        + w3 * dOuts[b + 3 * SIZE + p];
                                    }
                                }
                            }
                        }
                    }
                }
            }
            if (ofKeys == 1) {
                for (int j = 0; j < columns; j++) {
                    int row = (start + j) * keyHidden;
                    for (int p = 0; p < headSize; p++) {
                        dk[dkAt + row + p] = dKeys[j * SIZE + p];
                        dv[dvAt + row + p] = dValues[j * SIZE + p];
                    }
                }
            }
        }
    }
}
