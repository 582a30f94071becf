package cglora.kernels.check;

import static cglora.kernels.check.Float64.logSumExp;
import static cglora.kernels.check.Float64.sum;

/// Attention with a bias of the relative position in float64, from its formula.
///
/// @param queries positions of the queries' sequences; `keys` likewise
/// @param causal  whether query `i` sees the keys `0 … i` only
public record BiasedAttention64(
        int batch, int heads, int queries, int keys, int headSize, boolean causal) {

    /// What a call is given.
    ///
    /// @param bias [heads, queries + keys − 1]; null for none
    public record Inputs(
            double[] q,
            double[] k,
            double[] v,
            double[] bias,
            int[] queryLengths,
            int[] keyLengths) {}

    /// The probabilities [batch · heads · queries, keys], and the logarithms of the rows' sums.
    public record Forward(double[] probabilities, double[] out, double[] lse) {}

    /// Gradients, and `delta = dout · out` of each row.
    public record Gradients(
            double[] dq, double[] dk, double[] dv, double[] dBias, double[] delta) {}

    /// Values of a tensor of `positions` a sequence.
    public int values(int positions) {
        return batch * positions * heads * headSize;
    }

    /// Distances between a query and a key.
    public int distances() {
        return queries + keys - 1;
    }

    /// Rows of probabilities.
    public int rows() {
        return batch * heads * queries;
    }

    int row(int b, int h, int i) {
        return (b * heads + h) * queries + i;
    }

    private int at(int positions, int b, int h, int i, int p) {
        return ((b * positions + i) * heads + h) * headSize + p;
    }

    boolean sees(Inputs x, int b, int i, int j) {
        return i < x.queryLengths[b] && j < x.keyLengths[b] && !(causal && j > i);
    }

    /// `Σ x y` of query row `i` and key row `j`.
    double dot(double[] x, int b, int h, int i, double[] y, int j) {
        return sum(headSize, p -> x[at(queries, b, h, i, p)] * y[at(keys, b, h, j, p)]);
    }

    double bias(Inputs x, int h, int i, int j) {
        return x.bias == null ? 0 : x.bias[h * distances() + j - i + queries - 1];
    }

    public Forward forward(Inputs x) {
        double[] probabilities = new double[rows() * keys];
        double[] out = new double[values(queries)];
        double[] lse = new double[rows()];
        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < queries; i++) {
                    int row = row(b, h, i);
                    int seen = 0;
                    double[] scores = new double[keys];
                    for (int j = 0; j < keys && sees(x, b, i, j); j++) {
                        scores[j] = dot(x.q, b, h, i, x.k, j) + bias(x, h, i, j);
                        seen++;
                    }
                    if (seen == 0) {
                        continue;
                    }
                    lse[row] = logSumExp(seen, j -> scores[j]);
                    for (int j = 0; j < seen; j++) {
                        double probability = Math.exp(scores[j] - lse[row]);
                        probabilities[row * keys + j] = probability;
                        for (int p = 0; p < headSize; p++) {
                            out[at(queries, b, h, i, p)] += probability * x.v[at(keys, b, h, j, p)];
                        }
                    }
                }
            }
        }
        return new Forward(probabilities, out, lse);
    }

    public Gradients gradients(Inputs x, double[] dout) {
        Forward forward = forward(x);
        double[] dq = new double[values(queries)];
        double[] dk = new double[values(keys)];
        double[] dv = new double[values(keys)];
        double[] dBias = new double[heads * distances()];
        double[] delta = new double[rows()];
        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < queries; i++) {
                    int row = row(b, h, i);
                    for (int p = 0; p < headSize; p++) {
                        int at = at(queries, b, h, i, p);
                        delta[row] += dout[at] * forward.out[at];
                    }
                    for (int j = 0; j < keys && sees(x, b, i, j); j++) {
                        double probability = forward.probabilities[row * keys + j];
                        double ds = probability * (dot(dout, b, h, i, x.v, j) - delta[row]);
                        dBias[h * distances() + j - i + queries - 1] += ds;
                        for (int p = 0; p < headSize; p++) {
                            int query = at(queries, b, h, i, p);
                            int key = at(keys, b, h, j, p);
                            dq[query] += ds * x.k[key];
                            dk[key] += ds * x.q[query];
                            dv[key] += probability * dout[query];
                        }
                    }
                }
            }
        }
        return new Gradients(dq, dk, dv, dBias, delta);
    }
}
