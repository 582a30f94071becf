package cglora.kernels.attention;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// Scaled dot-product attention (Vaswani et al., arXiv 1706.03762) and softmax.
///
/// Queries and outputs are [batch · width, heads · headSize], keys and values [batch · keyWidth,
/// keyHeads · headSize]: a head is a slice of columns, no copy is made. `heads / keyHeads`
/// neighbouring heads share the keys and values of one (Ainslie et al., arXiv 2305.13245). Keys
/// at positions `lengths[batch]` and beyond are padding: they get no weight, and a row that sees
/// no key gives 0. What else a query does not see are `queries`, the number of one of
/// [AttentionMask.Queries], `causal`, 0 or 1, and `window`, as in [AttentionMask]. Where
/// `packed` is 1 a row holds several sequences, and `lengths` [batch · width] says of each query
/// at which key its own sequence begins: it sees none in front of that. Of padding it says
/// `width`, which is behind all. The score matrix is never stored: the gradient makes it again
/// from the logarithm of each row's sum (Dao et al., arXiv 2205.14135).
public final class AttentionKernels {
    public static final Kernel SOFTMAX_ROWS =
            Kernel.of(AttentionKernels.class, "softmaxRows")
                    .reads("x", "lengths")
                    .writes("y")
                    .build();
    public static final Kernel ATTENTION_FORWARD =
            Kernel.of(AttentionKernels.class, "attentionForward")
                    .reads("q", "k", "v", "lengths")
                    .updates("out")
                    .writes("lse")
                    .packs(
                            "heads",
                            "width",
                            "headSize",
                            "keyHeads",
                            "keyWidth",
                            "queries",
                            "causal",
                            "window",
                            "packed")
                    .build();
    public static final Kernel ATTENTION_GRADIENT =
            Kernel.of(AttentionKernels.class, "attentionGradient")
                    .reads("q", "k", "v", "lengths", "out", "lse", "dout")
                    .updates("dq", "dk", "dv")
                    .packs(
                            "heads",
                            "width",
                            "headSize",
                            "keyHeads",
                            "keyWidth",
                            "queries",
                            "causal",
                            "window",
                            "packed")
                    .build();

    private AttentionKernels() {}

    /// `y = softmax(scale · x)` over the first `lengths[row / rowsPerLength]` columns of each row,
    /// 0 in the others.
    ///
    /// @param x       [rows, columns]
    /// @param lengths [rows / rowsPerLength] how many columns are real
    /// @param y       [rows, columns]
    public static void softmaxRows(
            int first,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int columns,
            int rowsPerLength,
            float scale) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * columns;
            int yAt = at[o + 2] + (first + r) * columns;
            int length = Math.min(columns, lengths[at[o + 1] + (first + r) / rowsPerLength]);
            float max = -3e38f;
            for (int i = 0; i < length; i++) {
                max = Math.max(max, scale * x[xAt + i]);
            }
            float sum = 0f;
            for (int i = 0; i < length; i++) {
                float e = FloatMath.exp(scale * x[xAt + i] - max);
                y[yAt + i] = e;
                sum += e;
            }
            float inverse = 1f / Math.max(sum, 1e-30f);
            for (int i = 0; i < columns; i++) {
                y[yAt + i] = i < length ? y[yAt + i] * inverse : 0f;
            }
        }
    }

    /// `out = softmax(scale · q kᵀ) v` for each head; the range is batch · heads · width query
    /// rows, row `(b · heads + h) · width + i` being query `i` of head `h` of sequence `b`.
    /// About `4 · keyWidth · headSize` operations a row. Query rows that are padding give 0.
    ///
    /// @param q       [batch · width, heads · headSize]
    /// @param k       [batch · keyWidth, keyHeads · headSize]
    /// @param v       same shape as `k`
    /// @param lengths [batch] how many keys of each sequence are real; [batch · width] where packed
    /// @param out     same shape as `q`
    /// @param lse     [batch · heads · width] log-sum-exp of the scaled scores of each row
    public static void attentionForward(
            int first,
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
        for (@Parallel int r = 0; r < count; r++) {
            int heads = at[o + 6];
            int width = at[o + 7];
            int headSize = at[o + 8];
            int keyHeads = at[o + 9];
            int keyWidth = at[o + 10];
            int queries = at[o + 11];
            int window = at[o + 13];
            int hidden = heads * headSize;
            int keyHidden = keyHeads * headSize;
            int row = first + r;
            int b = row / (heads * width);
            int h = (row / width) % heads;
            int i = row % width;
            int packed = at[o + 14];
            int mark = lengths[at[o + 3] + b + packed * (b * (width - 1) + i)];
            int keys = packed != 0 ? keyWidth : Math.min(keyWidth, mark);
            int position = queries == 1 ? keys - width + i : i;
            int own = position < keys ? keys : 0;
            own = position >= 0 ? own : 0;
            int seen = queries == 2 ? keys : own;
            int end = at[o + 12] != 0 ? Math.min(seen, position + 1) : seen;
            int begin = window > 0 ? Math.max(0, position - window + 1) : 0;
            begin = Math.max(begin, packed * mark);
            int keyBase = b * keyWidth * keyHidden + h / (heads / keyHeads) * headSize;
            int qAt = at[o] + (b * width + i) * hidden + h * headSize;
            int kAt = at[o + 1] + keyBase;
            int vAt = at[o + 2] + keyBase;
            int outAt = at[o + 4] + (b * width + i) * hidden + h * headSize;
            lse[at[o + 5] + row] =
                    attendRow(
                            q, qAt, k, kAt, v, vAt, keyHidden, headSize, q, 0, 0, begin, end, scale,
                            out, outAt);
        }
    }

    /// One row of all attention: `out = Σ p v` over the keys `begin … end − 1` with `p` the softmax
    /// of `scale · q k + bias`; 0 where there is no key.
    ///
    /// @param qAt    of the row; `kAt` and `vAt` are of the head's first key
    /// @param biasAt of key 0, read where `biased` is 1
    /// @return the log-sum-exp of the scores; 0 where there is no key
    static float attendRow(
            float[] q,
            int qAt,
            float[] k,
            int kAt,
            float[] v,
            int vAt,
            int keyHidden,
            int headSize,
            float[] bias,
            int biasAt,
            int biased,
            int begin,
            int end,
            float scale,
            float[] out,
            int outAt) {
        float max = -3e38f;
        for (int j = begin; j < end; j++) {
            float score = 0f;
            for (int p = 0; p < headSize; p++) {
                score += q[qAt + p] * k[kAt + j * keyHidden + p];
            }
            score = scale * score + (biased != 0 ? bias[biasAt + j] : 0f);
            max = Math.max(max, score);
        }
        for (int p = 0; p < headSize; p++) {
            out[outAt + p] = 0f;
        }
        float sum = 0f;
        for (int j = begin; j < end; j++) {
            float score = 0f;
            for (int p = 0; p < headSize; p++) {
                score += q[qAt + p] * k[kAt + j * keyHidden + p];
            }
            score = scale * score + (biased != 0 ? bias[biasAt + j] : 0f);
            float e = FloatMath.exp(score - max);
            sum += e;
            for (int p = 0; p < headSize; p++) {
                out[outAt + p] = out[outAt + p] + e * v[vAt + j * keyHidden + p];
            }
        }
        float inverse = 1f / Math.max(sum, 1e-30f);
        for (int p = 0; p < headSize; p++) {
            out[outAt + p] = out[outAt + p] * inverse;
        }
        return end > begin ? max + FloatMath.logOfSum(sum) : 0f;
    }

    /// Gradients of queries, keys and values; the range is batch · keyHeads pairs. With `p` the
    /// probabilities: `dv = pᵀ dout`, `ds = p ∘ (dout vᵀ − rowsum(dout ∘ out))`,
    /// `dq = scale · ds k`, `dk = scale · dsᵀ q`, `dk` and `dv` summed over the heads that share
    /// them. Padding positions get 0.
    ///
    /// @param out  what [#attentionForward] gave
    /// @param lse  what [#attentionForward] gave
    /// @param dout gradient of `out`
    /// @param dq   gradient of `q`, overwritten; `dk` and `dv` likewise
    public static void attentionGradient(
            int first,
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
        for (@Parallel int r = 0; r < count; r++) {
            int heads = at[o + 10];
            int width = at[o + 11];
            int headSize = at[o + 12];
            int keyHeads = at[o + 13];
            int keyWidth = at[o + 14];
            int queries = at[o + 15];
            int window = at[o + 17];
            int hidden = heads * headSize;
            int keyHidden = keyHeads * headSize;
            int group = heads / keyHeads;
            int b = (first + r) / keyHeads;
            int keyHead = (first + r) % keyHeads;
            int packed = at[o + 18];
            int keyBase = b * keyWidth * keyHidden + keyHead * headSize;
            for (int j = 0; j < keyWidth; j++) {
                for (int p = 0; p < headSize; p++) {
                    dk[at[o + 8] + keyBase + j * keyHidden + p] = 0f;
                    dv[at[o + 9] + keyBase + j * keyHidden + p] = 0f;
                }
            }
            for (int g = 0; g < group * width; g++) {
                int h = keyHead * group + g / width;
                int i = g % width;
                int base = (b * width + i) * hidden + h * headSize;
                int qAt = at[o] + base;
                int outAt = at[o + 4] + base;
                int doutAt = at[o + 6] + base;
                int dqAt = at[o + 7] + base;
                int mark = lengths[at[o + 3] + b + packed * (b * (width - 1) + i)];
                int keys = packed != 0 ? keyWidth : Math.min(keyWidth, mark);
                int position = queries == 1 ? keys - width + i : i;
                int own = position < keys ? keys : 0;
                own = position >= 0 ? own : 0;
                int seen = queries == 2 ? keys : own;
                int end = at[o + 16] != 0 ? Math.min(seen, position + 1) : seen;
                int begin = window > 0 ? Math.max(0, position - window + 1) : 0;
                begin = Math.max(begin, packed * mark);
                float rowLse = lse[at[o + 5] + (b * heads + h) * width + i];
                float delta = 0f;
                for (int p = 0; p < headSize; p++) {
                    delta += dout[doutAt + p] * out[outAt + p];
                    dq[dqAt + p] = 0f;
                }
                for (int j = begin; j < end; j++) {
                    int kAt = at[o + 1] + keyBase + j * keyHidden;
                    int vAt = at[o + 2] + keyBase + j * keyHidden;
                    int dkAt = at[o + 8] + keyBase + j * keyHidden;
                    int dvAt = at[o + 9] + keyBase + j * keyHidden;
                    float score = 0f;
                    float dp = 0f;
                    for (int p = 0; p < headSize; p++) {
                        score += q[qAt + p] * k[kAt + p];
                        dp += dout[doutAt + p] * v[vAt + p];
                    }
                    float probability = FloatMath.exp(scale * score - rowLse);
                    float ds = scale * probability * (dp - delta);
                    for (int p = 0; p < headSize; p++) {
                        dq[dqAt + p] = dq[dqAt + p] + ds * k[kAt + p];
                        dk[dkAt + p] = dk[dkAt + p] + ds * q[qAt + p];
                        dv[dvAt + p] = dv[dvAt + p] + probability * dout[doutAt + p];
                    }
                }
            }
        }
    }
}
