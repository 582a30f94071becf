package cglora.models.linalg;

/// The spectrum of a symmetric positive semidefinite matrix `A` [size, size], from which every
/// power of `Â = A + damping · I` follows.
public sealed interface SymmetricSpectrum permits SymmetricEigen, GramEigen, SketchedEigen {
    /// The error of eigenvalues of sums in float32, as a share of the largest: 2⁻²².
    double FLOAT32_NOISE = 0x1p-22;

    int size();

    /// The smallest eigenvalue of `A`; never below zero.
    double smallest();

    /// The largest eigenvalue of `A`; never below zero.
    double largest();

    /// The sum of the eigenvalues.
    double trace();

    /// The largest `count` eigenvalues, descending.
    ///
    /// @param count at most as many as [#leadingVectors] gives
    double[] leadingValues(int count);

    /// Their eigenvectors [size, count]; fewer where only fewer are known, all others sharing what
    /// is left of the trace.
    Matrix leadingVectors(int count);

    /// `(A + damping · I)^exponent · Y`.
    ///
    /// @param Y [size, k]
    /// @return [size, k]
    Matrix applyPower(double damping, double exponent, Matrix Y);

    /// Rows of `(A + damping · I)^exponent`, so that it need not exist as a whole, [count, size].
    Matrix powerRows(double damping, double exponent, int first, int count);

    /// `(A + damping · I)^exponent`, formed, [size, size].
    default Matrix power(double damping, double exponent) {
        return powerRows(damping, exponent, 0, size());
    }

    /// The mean of the diagonal of `(A + damping · I)^exponent`.
    double meanPower(double damping, double exponent);

    /// The last `count` of ascending `values`, descending.
    static double[] leading(double[] values, int count) {
        double[] leading = new double[count];
        for (int i = 0; i < count; i++) {
            leading[i] = values[values.length - 1 - i];
        }
        return leading;
    }

    /// The last `count` columns, from the last on.
    static Matrix leading(Matrix vectors, int count) {
        Matrix leading = Matrix.zero(vectors.rows(), count);
        for (int i = 0; i < vectors.rows(); i++) {
            for (int j = 0; j < count; j++) {
                leading.values()[i * count + j] = vectors.get(i, vectors.columns() - 1 - j);
            }
        }
        return leading;
    }

    /// Whether a negative power of `A + damping · I` is more than rounding noise. With damping,
    /// the smallest eigenvalue has to stand above the float64 error of the largest. Without, it
    /// has to stand above the float32 error of sums on a device: a factor of lower rank that
    /// comes from there has small eigenvalues in the place of its zeros.
    default boolean isInvertible(double damping) {
        double noise =
                damping > 0 ? size() * Math.ulp(largest() + damping) : FLOAT32_NOISE * largest();
        return smallest() + damping > noise;
    }
}
