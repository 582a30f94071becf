package cglora.kernels.check;

import cglora.kernels.attention.AttentionMask;

/// Every kernel once more in float64, from its formula: what kernels, ops and engines are compared
/// with. Written for clarity; matrices are row-major, results are new arrays.
public final class Float64 {
    private Float64() {}

    /// One element from its row and column.
    @FunctionalInterface
    public interface Element {
        double at(int row, int column);
    }

    /// One element from its index.
    @FunctionalInterface
    public interface Component {
        double at(int index);
    }

    public static double[] matrix(int rows, int columns, Element element) {
        double[] values = new double[rows * columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                values[r * columns + c] = element.at(r, c);
            }
        }
        return values;
    }

    public static double[] vector(int length, Component component) {
        return matrix(1, length, (_, i) -> component.at(i));
    }

    /// `Σ term(i)` for `0 ≤ i < n`, with compensation (Kahan, 1965).
    public static double sum(int n, Component term) {
        double sum = 0;
        double lost = 0;
        for (int i = 0; i < n; i++) {
            double value = term.at(i) - lost;
            double next = sum + value;
            lost = next - sum - value;
            sum = next;
        }
        return sum;
    }

    public static double[] of(float[] values) {
        return vector(values.length, i -> values[i]);
    }

    public static double[] abs(double[] values) {
        return vector(values.length, i -> Math.abs(values[i]));
    }

    public static double[] abs(float[] values) {
        return abs(of(values));
    }

    public static float[] toFloat(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /// `factor · x + y`.
    public static double[] add(double factor, double[] x, double[] y) {
        return vector(x.length, i -> factor * x[i] + y[i]);
    }

    public static double[] scale(double factor, double[] x) {
        return vector(x.length, i -> factor * x[i]);
    }

    public static double[] transpose(int rows, int columns, double[] x) {
        return matrix(columns, rows, (r, c) -> x[c * columns + r]);
    }

    /// `a · b` of [m, k] and [k, n].
    public static double[] matmul(int m, int n, int k, double[] a, double[] b) {
        return matrix(m, n, (r, c) -> sum(k, p -> a[r * k + p] * b[p * n + c]));
    }

    /// `a · bᵀ` of [m, k] and [n, k].
    public static double[] matmulNT(int m, int n, int k, double[] a, double[] b) {
        return matmul(m, n, k, a, transpose(n, k, b));
    }

    /// `aᵀ · b` of [k, m] and [k, n].
    public static double[] matmulTN(int m, int n, int k, double[] a, double[] b) {
        return matmul(m, n, k, transpose(k, m, a), b);
    }

    /// `Σ x[:, i]`.
    public static double[] columnSum(int rows, int columns, double[] x) {
        return vector(columns, c -> sum(rows, r -> x[r * columns + c]));
    }

    /// The error function: series below 3, continued fraction above
    /// (Abramowitz and Stegun 7.1.5 and 7.1.14).
    public static double erf(double x) {
        double z = Math.abs(x);
        if (z > 6) {
            return Math.signum(x);
        }
        if (z >= 3) {
            return Math.signum(x) * (1 - erfcTail(z));
        }
        double term = z;
        double total = z;
        for (int n = 1; n < 200 && Math.abs(term) > 1e-18 * total; n++) {
            term *= -z * z / n;
            total += term / (2 * n + 1);
        }
        return Math.signum(x) * 2 / Math.sqrt(Math.PI) * total;
    }

    private static double erfcTail(double z) {
        double fraction = z;
        for (int n = 120; n >= 1; n--) {
            fraction = z + n / 2.0 / fraction;
        }
        return Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction;
    }

    /// `Φ(x)`, the distribution function of the normal distribution.
    public static double normal(double x) {
        double z = -x / Math.sqrt(2);
        return z >= 3 ? 0.5 * erfcTail(z) : 0.5 * (1 - erf(z));
    }

    public static double gelu(double x) {
        return x * normal(x);
    }

    public static double geluDerivative(double x) {
        return normal(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    public static double geluTanh(double x) {
        return x / (1 + Math.exp(-2 * geluTanhArgument(x)));
    }

    /// With `σ` the logistic function and `u` the argument of the hyperbolic tangent, the function
    /// is `x · σ(2u)`.
    public static double geluTanhDerivative(double x) {
        double slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
        double sigma = 1 / (1 + Math.exp(-2 * geluTanhArgument(x)));
        double complement = 1 / (1 + Math.exp(2 * geluTanhArgument(x)));
        double curved = sigma * complement == 0 ? 0 : x * sigma * complement * 2 * slope;
        return sigma + curved;
    }

    private static double geluTanhArgument(double x) {
        return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    }

    public static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    public static double siluDerivative(double x) {
        double complement = 1 / (1 + Math.exp(x));
        return (1 + x * complement) / (1 + Math.exp(-x));
    }

    /// The halves of each head turned by the angles of a position.
    ///
    /// @param cos  [positions, half]; `sin` likewise
    /// @param sign 1, or −1 for turning back
    public static double[] rotary(
            int rows,
            int heads,
            int headSize,
            int half,
            double sign,
            double[] x,
            int[] positions,
            double[] cos,
            double[] sin) {
        return matrix(
                rows,
                heads * headSize,
                (r, i) -> {
                    int at = r * heads * headSize + i;
                    int p = i % headSize;
                    int angle = positions[r] * half + p % half;
                    if (p >= 2 * half) {
                        return x[at];
                    }
                    return p < half
                            ? x[at] * cos[angle] - sign * x[at + half] * sin[angle]
                            : x[at] * cos[angle] + sign * x[at - half] * sin[angle];
                });
    }

    /// Softmax of `scale · x` over the first `lengths[row / rowsPerLength]` columns.
    public static double[] softmaxRows(
            int rows, int columns, int rowsPerLength, double scale, double[] x, int[] lengths) {
        double[] y = new double[rows * columns];
        for (int r = 0; r < rows; r++) {
            int at = r * columns;
            int length = Math.min(columns, lengths[r / rowsPerLength]);
            double lse = logSumExp(length, i -> scale * x[at + i]);
            for (int i = 0; i < length; i++) {
                y[at + i] = Math.exp(scale * x[at + i] - lse);
            }
        }
        return y;
    }

    public static double logSumExp(int n, Component value) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, value.at(i));
        }
        double shift = max;
        return n == 0 ? 0 : shift + Math.log(sum(n, i -> Math.exp(value.at(i) - shift)));
    }

    /// Layer normalisation of `s`.
    ///
    /// @param mean [rows]
    public record Norm(double[] mean, double[] rstd, double[] normalized, double[] y) {}

    public static Norm layerNorm(
            int rows, int hidden, double eps, double[] s, double[] gain, double[] shift) {
        double[] mean = vector(rows, r -> sum(hidden, i -> s[r * hidden + i]) / hidden);
        double[] rstd =
                vector(
                        rows,
                        r -> {
                            double squares =
                                    sum(hidden, i -> Math.pow(s[r * hidden + i] - mean[r], 2));
                            return 1 / Math.sqrt(squares / hidden + eps);
                        });
        double[] normalized =
                matrix(rows, hidden, (r, i) -> (s[r * hidden + i] - mean[r]) * rstd[r]);
        double[] y =
                matrix(rows, hidden, (r, i) -> normalized[r * hidden + i] * gain[i] + shift[i]);
        return new Norm(mean, rstd, normalized, y);
    }

    public static double[] layerNormGradient(
            int rows, int hidden, double[] dy, double[] normalized, double[] gain, double[] rstd) {
        return matrix(
                rows,
                hidden,
                (r, i) -> {
                    int at = r * hidden;
                    double mean = sum(hidden, j -> dy[at + j] * gain[j]) / hidden;
                    double along =
                            sum(hidden, j -> dy[at + j] * gain[j] * normalized[at + j]) / hidden;
                    return rstd[r] * (dy[at + i] * gain[i] - mean - normalized[at + i] * along);
                });
    }

    /// Root-mean-square normalisation of `x`.
    public record RmsNorm(double[] rstd, double[] y) {}

    public static RmsNorm rmsNorm(int rows, int hidden, double eps, double[] x, double[] gain) {
        double[] rstd =
                vector(
                        rows,
                        r -> {
                            double squares = sum(hidden, i -> Math.pow(x[r * hidden + i], 2));
                            return 1 / Math.sqrt(squares / hidden + eps);
                        });
        return new RmsNorm(
                rstd, matrix(rows, hidden, (r, i) -> x[r * hidden + i] * rstd[r] * gain[i]));
    }

    public static double[] rmsNormGradient(
            int rows, int hidden, double[] dy, double[] x, double[] gain, double[] rstd) {
        return matrix(
                rows,
                hidden,
                (r, i) -> {
                    int at = r * hidden;
                    double along =
                            sum(hidden, j -> dy[at + j] * gain[j] * x[at + j] * rstd[r]) / hidden;
                    return rstd[r] * (dy[at + i] * gain[i] - x[at + i] * rstd[r] * along);
                });
    }

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

    /// The probabilities [batch · heads · width, keyWidth], and the logarithms of the rows' sums.
    public record Attention(double[] probabilities, double[] out, double[] lse) {}

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

    public record AttentionGradient(double[] dq, double[] dk, double[] dv) {}

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

    public static double[] meanPool(int batch, int width, int hidden, double[] x, int[] lengths) {
        return matrix(
                batch,
                hidden,
                (b, i) ->
                        lengths[b] == 0
                                ? 0
                                : sum(lengths[b], t -> x[(b * width + t) * hidden + i])
                                        / lengths[b]);
    }

    public static double[] embeddingGradient(
            int rows, int entries, int hidden, int[] ids, double[] dx) {
        double[] table = new double[entries * hidden];
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < hidden; i++) {
                table[ids[r] * hidden + i] += dx[r * hidden + i];
            }
        }
        return table;
    }

    /// The number that decides a dropout: MurmurHash3's finaliser in unsigned 32-bit arithmetic,
    /// twice, and its 24 high bits as a number in [0, 1).
    public static double uniform(int seed, int key, int index) {
        long place = (Integer.toUnsignedLong(seed) * 0x9E3779B1L + key) & 0xFFFFFFFFL;
        long element = (Integer.toUnsignedLong(index) * 0x85EBCA77L) & 0xFFFFFFFFL;
        return (finalize32(finalize32(place) ^ element) >>> 8) / 16777216.0;
    }

    private static long finalize32(long value) {
        long h = value;
        h = ((h ^ (h >>> 16)) * 0x85EBCA6BL) & 0xFFFFFFFFL;
        h = ((h ^ (h >>> 13)) * 0xC2B2AE35L) & 0xFFFFFFFFL;
        return h ^ (h >>> 16);
    }

    /// Parameter and moments after one AdamW step.
    public record AdamW(double[] parameter, double[] m, double[] v) {}

    /// @param hyper learning rate, β₁, β₂, eps, c₁, c₂
    public static AdamW adamW(
            double[] gradient,
            double[] hyper,
            double clip,
            double[] parameter,
            double[] m,
            double[] v,
            double rateScale,
            double decay) {
        int n = gradient.length;
        double rate = rateScale * hyper[0];
        double[] newM = vector(n, i -> hyper[1] * m[i] + (1 - hyper[1]) * (clip * gradient[i]));
        double[] newV =
                vector(n, i -> hyper[2] * v[i] + (1 - hyper[2]) * Math.pow(clip * gradient[i], 2));
        double[] newParameter =
                vector(
                        n,
                        i ->
                                parameter[i] * (1 - rate * decay)
                                        - rate
                                                * (newM[i] / hyper[4])
                                                / (Math.sqrt(newV[i] / hyper[5]) + hyper[3]));
        return new AdamW(newParameter, newM, newV);
    }
}
