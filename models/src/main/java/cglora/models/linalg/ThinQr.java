package cglora.models.linalg;

/// The orthonormal factor of a tall, thin matrix `Y = Q R` by modified Gram-Schmidt, twice
/// (Giraud, Langou and Rozložník 2005: twice is enough). It keeps the order of the columns, which
/// a basis from the Gram matrix's eigenvectors does not.
public final class ThinQr {
    private ThinQr() {}

    /// @param Y [n, k], k ≤ n
    /// @return `Q` [n, k] with `QᵀQ = I`; a column of `Y` that depends on those before it gives
    ///     any unit vector orthogonal to them, and a row of zeros in `R = QᵀY` where it stands
    public static Matrix orthonormalColumns(Matrix Y) {
        int n = Y.rows();
        int k = Y.columns();
        double[][] q = new double[k][];
        for (int j = 0; j < k; j++) {
            double[] column = new double[n];
            for (int i = 0; i < n; i++) {
                column[i] = Y.get(i, j);
            }
            double before = norm(column);
            project(column, q, j);
            if (!(norm(column) > 64 * n * Math.ulp(before))) {
                column = independent(n, q, j);
            }
            project(column, q, j);
            double norm = norm(column);
            for (int i = 0; i < n; i++) {
                column[i] /= norm;
            }
            q[j] = column;
        }
        return Matrix.of(q).transpose();
    }

    /// Takes the first `count` directions out of `column`.
    private static void project(double[] column, double[][] q, int count) {
        for (int p = 0; p < count; p++) {
            double dot = 0;
            for (int i = 0; i < column.length; i++) {
                dot += q[p][i] * column[i];
            }
            for (int i = 0; i < column.length; i++) {
                column[i] -= dot * q[p][i];
            }
        }
    }

    /// What is left of the unit vector that the first `count` directions hold least of.
    private static double[] independent(int n, double[][] q, int count) {
        double[] held = new double[n];
        for (int p = 0; p < count; p++) {
            for (int i = 0; i < n; i++) {
                held[i] += q[p][i] * q[p][i];
            }
        }
        int least = 0;
        for (int i = 1; i < n; i++) {
            least = held[i] < held[least] ? i : least;
        }
        double[] unit = new double[n];
        unit[least] = 1;
        project(unit, q, count);
        return unit;
    }

    private static double norm(double[] column) {
        double sum = 0;
        for (double value : column) {
            sum += value * value;
        }
        return Math.sqrt(sum);
    }
}
