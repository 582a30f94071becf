package cglora.kernels.attention;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Attention whose scores get a learned bias of the relative position and no scale (T5: Raffel et
/// al., arXiv 1910.10683), also between sequences of different lengths.
///
/// Queries and what belongs to them are [batch · queries, heads · headSize], keys and values
/// [batch · keys, heads · headSize]. Queries at positions `queryLengths[batch]` and beyond are
/// padding and give 0; keys at positions `keyLengths[batch]` and beyond get no weight. With
/// `causal` 1 query `i` sees the keys `0 … i` only. The bias of query `i` and key `j` in head
/// `h` is `bias[h · (queries + keys − 1) + j − i + queries − 1]`; with `biased` 0 there is none,
/// and the operand is not read. As in [AttentionKernels] the score matrix is never stored.
public final class BiasedAttentionKernels {
    private static final String[] SIZES = {
        "heads", "queries", "keys", "headSize", "causal", "biased"
    };

    public static final Kernel BIASED_ATTENTION =
            Kernel.of(BiasedAttentionKernels.class, "biasedAttention")
                    .reads("q", "k", "v", "bias", "queryLengths", "keyLengths")
                    .updates("out")
                    .writes("lse")
                    .packs(SIZES)
                    .build();
    public static final Kernel QUERY_GRADIENT =
            Kernel.of(BiasedAttentionKernels.class, "biasedAttentionQueryGradient")
                    .reads("q", "k", "v", "bias", "queryLengths", "keyLengths")
                    .reads("out", "lse", "dout")
                    .updates("dq")
                    .writes("delta")
                    .packs(SIZES)
                    .build();
    public static final Kernel KEY_GRADIENT =
            Kernel.of(BiasedAttentionKernels.class, "biasedAttentionKeyGradient")
                    .reads("q", "k", "v", "bias", "queryLengths", "keyLengths")
                    .reads("lse", "delta", "dout")
                    .updates("dk", "dv")
                    .packs(SIZES)
                    .build();
    public static final Kernel BIAS_GRADIENT =
            Kernel.of(BiasedAttentionKernels.class, "biasedAttentionBiasGradient")
                    .reads("q", "k", "v", "bias", "queryLengths", "keyLengths")
                    .reads("lse", "delta", "dout")
                    .writes("dBias")
                    .packs("heads", "queries", "keys", "headSize", "causal", "batch")
                    .build();
    public static final Kernel RELATIVE_BIAS =
            Kernel.of(BiasedAttentionKernels.class, "relativeBias")
                    .reads("table", "buckets")
                    .writes("bias")
                    .build();
    public static final Kernel RELATIVE_BIAS_GRADIENT =
            Kernel.of(BiasedAttentionKernels.class, "relativeBiasGradient")
                    .reads("dBias", "buckets")
                    .writes("dTable")
                    .build();

    private BiasedAttentionKernels() {}

    /// `out = softmax(q kᵀ + bias) v` for each head; the range is batch · heads · queries, row
    /// `(b · heads + h) · queries + i` being query `i` of head `h` of sequence `b`. About
    /// `4 · keys · headSize` operations a row.
    ///
    /// @param q            [batch · queries, heads · headSize]
    /// @param k            [batch · keys, heads · headSize]
    /// @param v            the shape of `k`
    /// @param bias         [heads, queries + keys − 1]
    /// @param queryLengths [batch] how many queries of each sequence are real
    /// @param keyLengths   [batch] how many keys of each sequence are real
    /// @param out          the shape of `q`
    /// @param lse          [batch · heads · queries] log-sum-exp of each row's scores
    public static void biasedAttention(
            int first,
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
        for (@Parallel int r = 0; r < count; r++) {
            int heads = at[o + 8];
            int queries = at[o + 9];
            int keys = at[o + 10];
            int headSize = at[o + 11];
            int causal = at[o + 12];
            int biased = at[o + 13];
            int hidden = heads * headSize;
            int row = first + r;
            int b = row / (heads * queries);
            int h = (row / queries) % heads;
            int i = row % queries;
            int length = i < queryLengths[at[o + 4] + b] ? keyLengths[at[o + 5] + b] : 0;
            length = causal != 0 ? Math.min(length, i + 1) : length;
            int qAt = at[o] + (b * queries + i) * hidden + h * headSize;
            int kAt = at[o + 1] + b * keys * hidden + h * headSize;
            int vAt = at[o + 2] + b * keys * hidden + h * headSize;
            int biasAt = at[o + 3] + h * (queries + keys - 1) + queries - 1 - i;
            int outAt = at[o + 6] + (b * queries + i) * hidden + h * headSize;
            lse[at[o + 7] + row] =
                    AttentionKernels.attendRow(
                            q, qAt, k, kAt, v, vAt, hidden, headSize, bias, biasAt, biased, 0,
                            length, 1f, out, outAt);
        }
    }

    /// The gradient of the queries, and what the other gradients need of each row; the range is
    /// that of [#biasedAttention]. With `p` the probabilities: `delta = dout · out`,
    /// `ds = p ∘ (dout vᵀ − delta)`, `dq = ds k`.
    ///
    /// @param out   what [#biasedAttention] gave; likewise `lse`
    /// @param dout  gradient of `out`
    /// @param dq    gradient of `q`, overwritten
    /// @param delta [batch · heads · queries]
    public static void biasedAttentionQueryGradient(
            int first,
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
        for (@Parallel int r = 0; r < count; r++) {
            int heads = at[o + 11];
            int queries = at[o + 12];
            int keys = at[o + 13];
            int headSize = at[o + 14];
            int causal = at[o + 15];
            int biased = at[o + 16];
            int hidden = heads * headSize;
            int row = first + r;
            int b = row / (heads * queries);
            int h = (row / queries) % heads;
            int i = row % queries;
            int length = i < queryLengths[at[o + 4] + b] ? keyLengths[at[o + 5] + b] : 0;
            length = causal != 0 ? Math.min(length, i + 1) : length;
            int head = (b * queries + i) * hidden + h * headSize;
            int qAt = at[o] + head;
            int kAt = at[o + 1] + b * keys * hidden + h * headSize;
            int vAt = at[o + 2] + b * keys * hidden + h * headSize;
            int biasAt = at[o + 3] + h * (queries + keys - 1) + queries - 1 - i;
            int outAt = at[o + 6] + head;
            int doutAt = at[o + 8] + head;
            int dqAt = at[o + 9] + head;
            float rowLse = lse[at[o + 7] + row];
            float along = 0f;
            for (int p = 0; p < headSize; p++) {
                along += dout[doutAt + p] * out[outAt + p];
                dq[dqAt + p] = 0f;
            }
            for (int j = 0; j < length; j++) {
                float score = biased != 0 ? bias[biasAt + j] : 0f;
                float dp = 0f;
                for (int p = 0; p < headSize; p++) {
                    score += q[qAt + p] * k[kAt + j * hidden + p];
                    dp += dout[doutAt + p] * v[vAt + j * hidden + p];
                }
                float ds = FloatMath.exp(score - rowLse) * (dp - along);
                for (int p = 0; p < headSize; p++) {
                    dq[dqAt + p] = dq[dqAt + p] + ds * k[kAt + j * hidden + p];
                }
            }
            delta[at[o + 10] + row] = length > 0 ? along : 0f;
        }
    }

    /// The gradients of keys and values; the range is batch · heads · keys. `dk = dsᵀ q`,
    /// `dv = pᵀ dout`. Keys that are padding get 0.
    ///
    /// @param lse   what [#biasedAttention] gave
    /// @param delta what [#biasedAttentionQueryGradient] gave
    /// @param dk    gradient of `k`, overwritten; likewise `dv`
    public static void biasedAttentionKeyGradient(
            int first,
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
        for (@Parallel int r = 0; r < count; r++) {
            int heads = at[o + 11];
            int queries = at[o + 12];
            int keys = at[o + 13];
            int headSize = at[o + 14];
            int causal = at[o + 15];
            int biased = at[o + 16];
            int hidden = heads * headSize;
            int row = first + r;
            int b = row / (heads * keys);
            int h = (row / keys) % heads;
            int j = row % keys;
            int length = j < keyLengths[at[o + 5] + b] ? queryLengths[at[o + 4] + b] : 0;
            int start = causal != 0 ? j : 0;
            int head = (b * keys + j) * hidden + h * headSize;
            int qAt = at[o] + b * queries * hidden + h * headSize;
            int kAt = at[o + 1] + head;
            int vAt = at[o + 2] + head;
            int biasAt = at[o + 3] + h * (queries + keys - 1) + queries - 1 + j;
            int rowAt = (b * heads + h) * queries;
            int doutAt = at[o + 8] + b * queries * hidden + h * headSize;
            int dkAt = at[o + 9] + head;
            int dvAt = at[o + 10] + head;
            for (int p = 0; p < headSize; p++) {
                dk[dkAt + p] = 0f;
                dv[dvAt + p] = 0f;
            }
            for (int i = start; i < length; i++) {
                float score = biased != 0 ? bias[biasAt - i] : 0f;
                float dp = 0f;
                for (int p = 0; p < headSize; p++) {
                    score += q[qAt + i * hidden + p] * k[kAt + p];
                    dp += dout[doutAt + i * hidden + p] * v[vAt + p];
                }
                float probability = FloatMath.exp(score - lse[at[o + 6] + rowAt + i]);
                float ds = probability * (dp - delta[at[o + 7] + rowAt + i]);
                for (int p = 0; p < headSize; p++) {
                    dk[dkAt + p] = dk[dkAt + p] + ds * q[qAt + i * hidden + p];
                    dv[dvAt + p] = dv[dvAt + p] + probability * dout[doutAt + i * hidden + p];
                }
            }
        }
    }

    /// The gradient of the bias, `Σ ds` over the batch and over the pairs of one distance; the
    /// range is heads · (queries + keys − 1).
    ///
    /// @param lse   what [#biasedAttention] gave
    /// @param delta what [#biasedAttentionQueryGradient] gave
    /// @param dBias [heads, queries + keys − 1]
    public static void biasedAttentionBiasGradient(
            int first,
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
        for (@Parallel int r = 0; r < count; r++) {
            int heads = at[o + 10];
            int queries = at[o + 11];
            int keys = at[o + 12];
            int headSize = at[o + 13];
            int causal = at[o + 14];
            int batch = at[o + 15];
            int hidden = heads * headSize;
            int h = (first + r) / (queries + keys - 1);
            int distance = (first + r) % (queries + keys - 1) - queries + 1;
            float value = bias[at[o + 3] + first + r];
            float total = 0f;
            for (int b = 0; b < batch; b++) {
                int queryLength = queryLengths[at[o + 4] + b];
                int keyLength = keyLengths[at[o + 5] + b];
                int start = Math.max(0, -distance);
                int end = Math.min(queryLength, keyLength - distance);
                end = causal != 0 && distance > 0 ? start : end;
                int rowAt = (b * heads + h) * queries;
                for (int i = start; i < end; i++) {
                    int query = (b * queries + i) * hidden + h * headSize;
                    int key = (b * keys + i + distance) * hidden + h * headSize;
                    float score = value;
                    float dp = 0f;
                    for (int p = 0; p < headSize; p++) {
                        score += q[at[o] + query + p] * k[at[o + 1] + key + p];
                        dp += dout[at[o + 8] + query + p] * v[at[o + 2] + key + p];
                    }
                    float probability = FloatMath.exp(score - lse[at[o + 6] + rowAt + i]);
                    total += probability * (dp - delta[at[o + 7] + rowAt + i]);
                }
            }
            dBias[at[o + 9] + first + r] = total;
        }
    }

    /// `bias[h, d] = table[buckets[d], h]`; the range is heads · distances.
    ///
    /// @param table   [entries, heads]
    /// @param buckets [distances], below `entries` (checked on the host)
    /// @param bias    [heads, distances]
    public static void relativeBias(
            int first,
            int count,
            float[] table,
            int[] buckets,
            float[] bias,
            int[] at,
            int o,
            int heads,
            int distances) {
        for (@Parallel int r = 0; r < count; r++) {
            int h = (first + r) / distances;
            int d = (first + r) % distances;
            bias[at[o + 2] + first + r] = table[at[o] + buckets[at[o + 1] + d] * heads + h];
        }
    }

    /// `dTable[e, h] = Σ dBias[h, d]` over the distances whose bucket is `e`; the range is
    /// entries · heads.
    ///
    /// @param dBias   [heads, distances]
    /// @param buckets [distances]
    /// @param dTable  [entries, heads]
    public static void relativeBiasGradient(
            int first,
            int count,
            float[] dBias,
            int[] buckets,
            float[] dTable,
            int[] at,
            int o,
            int heads,
            int distances) {
        for (@Parallel int r = 0; r < count; r++) {
            int e = (first + r) / heads;
            int h = (first + r) % heads;
            float total = 0f;
            for (int d = 0; d < distances; d++) {
                float value = dBias[at[o] + h * distances + d];
                total += buckets[at[o + 1] + d] == e ? value : 0f;
            }
            dTable[at[o + 2] + first + r] = total;
        }
    }
}
