package cglora.kernels.tornado;

import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.KernelContext;

/// The one body of attention on a CPU device: a work group of one work item does one head of one
/// sequence, queries and keys in blocks that are copied to local arrays (see [CpuProduct] why).
/// Of a block only what its queries see is computed, in whole steps of the loops: blocks are
/// padded with zeros, and what comes out of the padding is never copied back.
final class CpuAttentionForward {
    private static final int SIZE = CpuAttention.LARGEST_HEAD;
    private static final int QUERIES = CpuAttention.QUERIES;
    private static final int KEYS = CpuAttention.KEYS;

    private CpuAttentionForward() {}

    /// The softmax runs along the blocks of keys: what has been summed is scaled down when a larger
    /// score comes (Dao et al., arXiv 2205.14135). What each query sees is as in
    /// [AttentionReach]; the bias of query `i` and key `j` is `bias[biasAt − i + j]`.
    ///
    /// @param width      rows of queries; 0 where there is nothing to do
    /// @param hidden     from a row of the queries to the next; `keyHidden` likewise
    /// @param qAt        the head's first element; `kAt`, `vAt` and `outAt` likewise
    /// @param biased     1 where there is a bias; otherwise `bias` is not read
    /// @param marks      where each query's sequence begins, read where `packed` is 1
    /// @param firstQuery the first real query; those from `endQuery` on are not
    /// @param lseAt      of the head's first query
    static void attend(
            KernelContext context,
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
        float[] queries = context.allocateFloatLocalArray(QUERIES * SIZE);
        float[] keys = context.allocateFloatLocalArray(SIZE * KEYS);
        float[] values = context.allocateFloatLocalArray(KEYS * SIZE);
        float[] scores = context.allocateFloatLocalArray(QUERIES * KEYS);
        float[] sums = context.allocateFloatLocalArray(QUERIES * SIZE);
        float[] top = context.allocateFloatLocalArray(QUERIES);
        float[] total = context.allocateFloatLocalArray(QUERIES);
        int size = (headSize + 7) / 8 * 8;
        for (int first = 0; first < width; first += QUERIES) {
            int rows = Math.min(QUERIES, width - first);
            for (int i = 0; i < rows; i++) {
                int from = qAt + (first + i) * hidden;
                for (int p = headSize; p < size; p++) {
                    queries[i * SIZE + p] = 0f;
                }
                for (int p = 0; p < headSize; p++) {
                    queries[i * SIZE + p] = q[from + p];
                }
                for (int p = 0; p < size; p++) {
                    sums[i * SIZE + p] = 0f;
                }
                top[i] = -3e38f;
                total[i] = 0f;
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
            for (int start = begin; start < end; start += KEYS) {
                int columns = Math.min(KEYS, end - start);
                int wide = (columns + 7) / 8 * 8;
                for (int p = 0; p < size; p++) {
                    for (int j = 0; j < wide; j++) {
                        keys[p * KEYS + j] = 0f;
                        values[j * SIZE + p] = 0f;
                    }
                }
                for (int j = 0; j < columns; j++) {
                    int kFrom = kAt + (start + j) * keyHidden;
                    int vFrom = vAt + (start + j) * keyHidden;
                    for (int p = 0; p < headSize; p++) {
                        keys[p * KEYS + j] = k[kFrom + p];
                        values[j * SIZE + p] = v[vFrom + p];
                    }
                }
                for (int query = lowest; query < highest; query++) {
                    int i = query - first;
                    int row = i * KEYS;
                    int mark = packed != 0 ? marks[marksAt + query] : 0;
                    int seen = AttentionReach.begin(query + shift, window, mark) - start;
                    int from = Math.max(0, seen);
                    int unseen = AttentionReach.end(query + shift, causal, allKeys) - start;
                    int to = Math.min(columns, unseen);
                    if (from < to) {
                        int left = from / 8 * 8;
                        int right = (to + 7) / 8 * 8;
                        for (int j = left; j < right; j++) {
                            scores[row + j] = 0f;
                        }
                        if (biased != 0) {
                            for (int j = from; j < to; j++) {
                                scores[row + j] = bias[biasAt - query + start + j];
                            }
                        }
                        for (int p = 0; p < size; p += 8) {
                            int a = i * SIZE + p;
                            float a0 = scale * queries[a];
                            float a1 = scale * queries[a + 1];
                            float a2 = scale * queries[a + 2];
                            float a3 = scale * queries[a + 3];
                            float a4 = scale * queries[a + 4];
                            float a5 = scale * queries[a + 5];
                            float a6 = scale * queries[a + 6];
                            float a7 = scale * queries[a + 7];
                            int b = p * KEYS;
                            for (int j = left; j < right; j++) {
                                scores[row + j] =
                                        scores[row + j]
                                                + a0 * keys[b + j]
                                                + a1 * keys[b + KEYS + j]
                                                + a2 * keys[b + 2 * KEYS + j]
                                                + a3 * keys[b + 3 * KEYS + j]
                                                + a4 * keys[b + 4 * KEYS + j]
                                                + a5 * keys[b + 5 * KEYS + j]
                                                + a6 * keys[b + 6 * KEYS + j]
                                                + a7 * keys[b + 7 * KEYS + j];
                            }
                        }
                        float max = top[i];
                        for (int j = from; j < to; j++) {
                            max = Math.max(max, scores[row + j]);
                        }
                        for (int j = left; j < right; j++) {
                            scores[row + j] = FloatMath.exp(scores[row + j] - max);
                        }
                        for (int j = left; j < from; j++) {
                            scores[row + j] = 0f;
                        }
                        for (int j = to; j < right; j++) {
                            scores[row + j] = 0f;
                        }
                        float sum = 0f;
                        for (int j = left; j < right; j++) {
                            sum += scores[row + j];
                        }
                        float shrink = FloatMath.exp(top[i] - max);
                        total[i] = total[i] * shrink + sum;
                        top[i] = max;
                        int sumAt = i * SIZE;
                        for (int p = 0; p < size; p++) {
                            sums[sumAt + p] = sums[sumAt + p] * shrink;
                        }
                        for (int j = left; j < right; j += 8) {
                            int a = row + j;
                            float a0 = scores[a];
                            float a1 = scores[a + 1];
                            float a2 = scores[a + 2];
                            float a3 = scores[a + 3];
                            float a4 = scores[a + 4];
                            float a5 = scores[a + 5];
                            float a6 = scores[a + 6];
                            float a7 = scores[a + 7];
                            int b = j * SIZE;
                            for (int p = 0; p < size; p++) {
                                sums[sumAt + p] =
                                        sums[sumAt + p]
                                                + a0 * values[b + p]
                                                + a1 * values[b + SIZE + p]
                                                + a2 * values[b + 2 * SIZE + p]
                                                + a3 * values[b + 3 * SIZE + p]
                                                + a4 * values[b + 4 * SIZE + p]
                                                + a5 * values[b + 5 * SIZE + p]
                                                + a6 * values[b + 6 * SIZE + p]
                                                + a7 * values[b + 7 * SIZE + p];
                            }
                        }
                    }
                }
            }
            for (int i = 0; i < rows; i++) {
                // of a query that sees a key the largest weight is 1
                float sum = total[i];
                float inverse = sum > 0f ? 1f / Math.max(sum, 1e-30f) : 0f;
                int to = outAt + (first + i) * hidden;
                for (int p = 0; p < headSize; p++) {
                    out[to + p] = sums[i * SIZE + p] * inverse;
                }
                float logarithm = top[i] + FloatMath.logOfSum(Math.max(sum, 1f));
                lse[lseAt + first + i] = sum > 0f ? logarithm : 0f;
            }
        }
    }
}
