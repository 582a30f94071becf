package cglora.kernels.check;

import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.sum;

/// What is done to rows that are tokens of sequences, in float64.
public final class Sequence64 {
    private Sequence64() {}

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

    /// The mean of the first `lengths[b]` tokens of each sequence; 0 for none.
    ///
    /// @param x [batch · width, hidden]
    /// @return [batch, hidden]
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

    /// The sum of the rows of each entry.
    ///
    /// @param dx [rows, hidden]
    /// @return [entries, hidden]
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
}
