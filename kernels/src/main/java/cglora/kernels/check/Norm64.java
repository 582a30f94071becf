package cglora.kernels.check;

import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.sum;
import static cglora.kernels.check.Float64.vector;

/// Normalisations and their gradients in float64.
public final class Norm64 {
    private Norm64() {}

    /// Layer normalisation of `s`.
    ///
    /// @param mean       [rows]
    /// @param rstd       [rows] `1 / sqrt(variance + eps)`
    /// @param normalized [rows, hidden] with mean 0 and variance 1
    /// @param y          [rows, hidden]
    public record Norm(double[] mean, double[] rstd, double[] normalized, double[] y) {}

    /// @param s [rows, hidden]
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

    /// @param dy         [rows, hidden]
    /// @param normalized as [#layerNorm] gives it
    /// @return the gradient of the input [rows, hidden]
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
    ///
    /// @param rstd [rows] `1 / sqrt(mean(x²) + eps)`
    /// @param y    [rows, hidden]
    public record RmsNorm(double[] rstd, double[] y) {}

    /// @param x [rows, hidden]
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

    /// @return the gradient of the input [rows, hidden]
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
}
