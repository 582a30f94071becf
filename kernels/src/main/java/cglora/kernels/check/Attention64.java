package cglora.kernels.check;

import static cglora.kernels.check.Float64.logSumExp;
import static cglora.kernels.check.Float64.sum;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.attention.AttentionMask;

/// Attention and its gradient in float64.
public final class Attention64 {
    private Attention64() {}

    /// Sizes of an attention: rows of queries are `batch · width` tokens of `heads · headSize`
    /// values, those of keys `batch · keyWidth` tokens of `keyHeads · headSize` values.
    public record Heads(
            int batch,
            int heads,
            int width,
            int headSize,
            int keyHeads,
            int keyWidth,
            AttentionMask mask) {
        /// Heads with keys of their own, each query at its key, which see all of them.
        public Heads(int batch, int heads, int width, int headSize) {
            this(batch, heads, width, headSize, heads, width, AttentionMask.FULL);
        }

        public int hidden() {
            return heads * headSize;
        }

        public int values() {
            return batch * width * hidden();
        }

        public int keyValues() {
            return batch * keyWidth * keyHeads * headSize;
        }

        public int rows() {
            return batch * heads * width;
        }

        /// Where element `p` of head `h` of query `i` of sequence `b` is.
        public int at(int b, int h, int i, int p) {
            return ((b * width + i) * heads + h) * headSize + p;
        }

        /// Where element `p` of key `j` that head `h` of the queries reads is.
        public int keyAt(int b, int h, int j, int p) {
            return ((b * keyWidth + j) * keyHeads + h / (heads / keyHeads)) * headSize + p;
        }

        public int row(int b, int h, int i) {
            return (b * heads + h) * width + i;
        }

        /// The first key that query `i` of row `b` sees.
        ///
        /// @param lengths as the kernels have them
        int begin(int b, int i, int[] lengths) {
            int begin = mask.begin(i, width, keys(b, lengths));
            return mask.packed() ? Math.max(begin, lengths[b * width + i]) : begin;
        }

        /// Behind the last key that query `i` of row `b` sees.
        int end(int b, int i, int[] lengths) {
            return mask.end(i, width, keys(b, lengths));
        }

        private int keys(int b, int[] lengths) {
            return mask.packed() ? keyWidth : lengths[b];
        }

        /// The packed dimensions of the kernels.
        public Integer[] packed() {
            return new Integer[] {
                heads,
                width,
                headSize,
                keyHeads,
                keyWidth,
                mask.queries().ordinal(),
                mask.causal() ? 1 : 0,
                mask.window(),
                mask.packed() ? 1 : 0
            };
        }
    }

    /// A row of queries, or of their kind, with one of keys, or of their kind.
    public static double dot(Heads s, int b, int h, double[] x, int i, double[] y, int j) {
        return sum(s.headSize(), p -> x[s.at(b, h, i, p)] * y[s.keyAt(b, h, j, p)]);
    }

    /// @param probabilities [batch · heads · width, keyWidth]
    /// @param out           [batch · width, heads · headSize]
    /// @param lse           [batch · heads · width] logarithms of the sums of `exp(scale · score)`
    public record Attention(double[] probabilities, double[] out, double[] lse) {}

    /// @param q       queries, laid out as [Heads] says, as keys and values are
    /// @param lengths as the kernels have them: of each sequence, or packed
    public static Attention attention(
            Heads s, double scale, double[] q, double[] k, double[] v, int[] lengths) {
        double[] probabilities = new double[s.rows() * s.keyWidth()];
        double[] out = new double[s.values()];
        double[] lse = new double[s.rows()];
        for (int b = 0; b < s.batch(); b++) {
            for (int h = 0; h < s.heads(); h++) {
                for (int i = 0; i < s.width(); i++) {
                    int batch = b;
                    int head = h;
                    int query = i;
                    int row = s.row(b, h, i);
                    int begin = s.begin(b, i, lengths);
                    int end = s.end(b, i, lengths);
                    double[] scores =
                            vector(
                                    Math.max(0, end - begin),
                                    j -> scale * dot(s, batch, head, q, query, k, begin + j));
                    lse[row] = logSumExp(scores.length, j -> scores[j]);
                    for (int j = begin; j < end; j++) {
                        double probability = Math.exp(scores[j - begin] - lse[row]);
                        probabilities[row * s.keyWidth() + j] = probability;
                        for (int p = 0; p < s.headSize(); p++) {
                            out[s.at(b, h, i, p)] += probability * v[s.keyAt(b, h, j, p)];
                        }
                    }
                }
            }
        }
        return new Attention(probabilities, out, lse);
    }

    /// Laid out as queries, keys and values are.
    public record AttentionGradient(double[] dq, double[] dk, double[] dv) {}

    /// @param dout the gradient of [Attention#out]
    public static AttentionGradient attentionGradient(
            Heads s,
            double scale,
            double[] q,
            double[] k,
            double[] v,
            int[] lengths,
            double[] dout) {
        Attention forward = attention(s, scale, q, k, v, lengths);
        double[] dq = new double[s.values()];
        double[] dk = new double[s.keyValues()];
        double[] dv = new double[s.keyValues()];
        for (int b = 0; b < s.batch(); b++) {
            for (int h = 0; h < s.heads(); h++) {
                for (int i = 0; i < s.width(); i++) {
                    int first = s.at(b, h, i, 0);
                    double delta =
                            sum(s.headSize(), p -> dout[first + p] * forward.out()[first + p]);
                    for (int j = s.begin(b, i, lengths); j < s.end(b, i, lengths); j++) {
                        double probability =
                                forward.probabilities()[s.row(b, h, i) * s.keyWidth() + j];
                        double ds = probability * (dot(s, b, h, dout, i, v, j) - delta) * scale;
                        for (int p = 0; p < s.headSize(); p++) {
                            dq[s.at(b, h, i, p)] += ds * k[s.keyAt(b, h, j, p)];
                            dk[s.keyAt(b, h, j, p)] += ds * q[s.at(b, h, i, p)];
                            dv[s.keyAt(b, h, j, p)] += probability * dout[s.at(b, h, i, p)];
                        }
                    }
                }
            }
        }
        return new AttentionGradient(dq, dk, dv);
    }
}
