package cglora.kernels.check;

/// Matrices and sums in float64. With it every kernel is written once more from its formula,
/// here and in the classes whose names end in 64: what kernels, ops and engines are compared
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

    /// [columns, rows] of [rows, columns].
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
    /// @param x [rows, columns]
    public static double[] columnSum(int rows, int columns, double[] x) {
        return vector(columns, c -> sum(rows, r -> x[r * columns + c]));
    }

    /// Softmax of `scale · x` over the first `lengths[row / rowsPerLength]` columns; 0 behind
    /// them.
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

    /// `log Σ exp(value(i))`; 0 for none.
    public static double logSumExp(int n, Component value) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, value.at(i));
        }
        double shift = max;
        return n == 0 ? 0 : shift + Math.log(sum(n, i -> Math.exp(value.at(i) - shift)));
    }
}
