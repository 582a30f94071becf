package cglora.kernels.tornado;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.math.FloatMath;
import cglora.kernels.program.Launch;
import uk.ac.manchester.tornado.api.KernelContext;

/// [AttentionKernels] on a CPU device: a work group of one work item does one head of one
/// sequence, queries and keys in blocks that are copied to local arrays (see [CpuProduct] why).
/// Any number of tokens; only the real ones are computed. Blocks are padded with zeros to whole
/// steps of the loops, and what comes out of the padding is never copied back.
public final class CpuAttention {
    /// The longest head that the local arrays hold.
    static final int LARGEST_HEAD = 128;

    private static final int SIZE = LARGEST_HEAD;
    private static final int QUERIES = 32;
    private static final int KEYS = 64;

    private CpuAttention() {}

    /// Heads of all sequences: the range of the forward kernel is all their rows, that of the
    /// gradient the heads themselves.
    static int heads(Launch launch) {
        boolean forward = launch.kernel() == AttentionKernels.ATTENTION_FORWARD;
        return Math.max(1, forward ? launch.count() / launch.packed().get(1) : launch.count());
    }

    /// [AttentionKernels#attentionForward]. The softmax runs along the blocks of keys: what has
    /// been summed is scaled down when a larger score comes (Dao et al., arXiv 2205.14135).
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
        float[] queries = context.allocateFloatLocalArray(QUERIES * SIZE);
        float[] keys = context.allocateFloatLocalArray(SIZE * KEYS);
        float[] values = context.allocateFloatLocalArray(KEYS * SIZE);
        float[] scores = context.allocateFloatLocalArray(QUERIES * KEYS);
        float[] sums = context.allocateFloatLocalArray(QUERIES * SIZE);
        float[] top = context.allocateFloatLocalArray(QUERIES);
        float[] total = context.allocateFloatLocalArray(QUERIES);
        int heads = at[o + 6];
        int width = at[o + 7];
        int headSize = at[o + 8];
        int hidden = heads * headSize;
        int group = context.groupIdx;
        int sequence = group / heads;
        int base = sequence * width * hidden + group % heads * headSize;
        int length = Math.min(width, lengths[at[o + 3] + sequence]);
        int size = (headSize + 7) / 8 * 8;
        if (group * width < count) {
            for (int first = 0; first < width; first += QUERIES) {
                int rows = Math.min(QUERIES, width - first);
                for (int i = 0; i < rows; i++) {
                    int from = at[o] + base + (first + i) * hidden;
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
                int seen = first < length ? length : 0;
                for (int start = 0; start < seen; start += KEYS) {
                    int columns = Math.min(KEYS, seen - start);
                    int wide = (columns + 7) / 8 * 8;
                    for (int p = 0; p < size; p++) {
                        for (int j = 0; j < wide; j++) {
                            keys[p * KEYS + j] = 0f;
                            values[j * SIZE + p] = 0f;
                        }
                    }
                    for (int j = 0; j < columns; j++) {
                        int kFrom = at[o + 1] + base + (start + j) * hidden;
                        int vFrom = at[o + 2] + base + (start + j) * hidden;
                        for (int p = 0; p < headSize; p++) {
                            keys[p * KEYS + j] = k[kFrom + p];
                            values[j * SIZE + p] = v[vFrom + p];
                        }
                    }
                    for (int i = 0; i < rows; i++) {
                        int row = i * KEYS;
                        for (int j = 0; j < wide; j++) {
                            scores[row + j] = 0f;
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
                            for (int j = 0; j < wide; j++) {
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
                        for (int j = 0; j < columns; j++) {
                            max = Math.max(max, scores[row + j]);
                        }
                        for (int j = 0; j < wide; j++) {
                            scores[row + j] = FloatMath.exp(scores[row + j] - max);
                        }
                        for (int j = columns; j < wide; j++) {
                            scores[row + j] = 0f;
                        }
                        float sum = 0f;
                        for (int j = 0; j < wide; j++) {
                            sum += scores[row + j];
                        }
                        float shrink = FloatMath.exp(top[i] - max);
                        total[i] = total[i] * shrink + sum;
                        top[i] = max;
                        int to = i * SIZE;
                        for (int p = 0; p < size; p++) {
                            sums[to + p] = sums[to + p] * shrink;
                        }
                        for (int j = 0; j < wide; j += 8) {
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
                                sums[to + p] =
                                        sums[to + p]
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
                for (int i = 0; i < rows; i++) {
                    int to = at[o + 4] + base + (first + i) * hidden;
                    float inverse = first + i < length ? 1f / Math.max(total[i], 1e-30f) : 0f;
                    for (int p = 0; p < headSize; p++) {
                        out[to + p] = sums[i * SIZE + p] * inverse;
                    }
                    lse[at[o + 5] + group * width + first + i] =
                            first + i < length ? top[i] + FloatMath.logOfSum(total[i]) : 0f;
                }
            }
        }
    }

    /// [AttentionKernels#attentionGradient]. The gradients of a block of keys are summed in local
    /// arrays over all blocks of queries; those of the queries in their place.
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
        int heads = at[o + 10];
        int width = at[o + 11];
        int headSize = at[o + 12];
        int hidden = heads * headSize;
        int group = context.groupIdx;
        int sequence = group / heads;
        int base = sequence * width * hidden + group % heads * headSize;
        int length = 0;
        if (group < count) {
            length = Math.min(width, lengths[at[o + 3] + sequence]);
            for (int i = length; i < width; i++) {
                for (int p = 0; p < headSize; p++) {
                    dq[at[o + 7] + base + i * hidden + p] = 0f;
                    dk[at[o + 8] + base + i * hidden + p] = 0f;
                    dv[at[o + 9] + base + i * hidden + p] = 0f;
                }
            }
        }
        int size = (headSize + 7) / 8 * 8;
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
                int kFrom = at[o + 1] + base + (start + j) * hidden;
                int vFrom = at[o + 2] + base + (start + j) * hidden;
                for (int p = 0; p < headSize; p++) {
                    float key = k[kFrom + p];
                    keys[j * SIZE + p] = key;
                    keysT[p * KEYS + j] = key;
                    valuesT[p * KEYS + j] = v[vFrom + p];
                }
            }
            for (int first = 0; first < length; first += QUERIES) {
                int rows = Math.min(QUERIES, length - first);
                int tall = (rows + 7) / 8 * 8;
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
                    int place = base + (first + i) * hidden;
                    float delta = 0f;
                    for (int p = 0; p < headSize; p++) {
                        float gradient = dout[at[o + 6] + place + p];
                        queries[i * SIZE + p] = q[at[o] + place + p];
                        dOuts[i * SIZE + p] = gradient;
                        delta += gradient * out[at[o + 4] + place + p];
                    }
                    int row = i * KEYS;
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
                        for (int j = 0; j < wide; j++) {
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
                    float rowLse = lse[at[o + 5] + group * width + first + i];
                    for (int j = 0; j < wide; j++) {
                        float weight = FloatMath.exp(weights[row + j] - rowLse);
                        weights[row + j] = weight;
                        dScores[row + j] = scale * weight * (dScores[row + j] - delta);
                    }
                    for (int j = columns; j < wide; j++) {
                        weights[row + j] = 0f;
                        dScores[row + j] = 0f;
                    }
                    for (int p = 0; p < size; p++) {
                        dQueries[p] = 0f;
                    }
                    for (int j = 0; j < wide; j += 8) {
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
                    int to = at[o + 7] + place;
                    for (int p = 0; p < headSize; p++) {
                        float before = start > 0 ? dq[to + p] : 0f;
                        dq[to + p] = before + dQueries[p];
                    }
                }
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
                        int to = j * SIZE;
                        for (int p = 0; p < size; p++) {
                            dKeys[to + p] =
                                    dKeys[to + p]
                                            + s0 * queries[b + p]
                                            + s1 * queries[b + SIZE + p]
                                            + s2 * queries[b + 2 * SIZE + p]
                                            + s3 * queries[b + 3 * SIZE + p];
                            dValues[to + p] =
                                    dValues[to + p]
                                            + w0 * dOuts[b + p]
                                            + w1 * dOuts[b + SIZE + p]
                                            + w2 * dOuts[b + 2 * SIZE + p]
                                            + w3 * dOuts[b + 3 * SIZE + p];
                        }
                    }
                }
            }
            for (int j = 0; j < columns; j++) {
                int to = base + (start + j) * hidden;
                for (int p = 0; p < headSize; p++) {
                    dk[at[o + 8] + to + p] = dKeys[j * SIZE + p];
                    dv[at[o + 9] + to + p] = dValues[j * SIZE + p];
                }
            }
        }
    }
}
