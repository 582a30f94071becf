package cglora.models.linalg;

import cglora.kernels.engine.OpenBlas;

/// The eigendecomposition `A = V Λ Vᵀ` of a symmetric positive semidefinite matrix.
///
/// Eigenvalues are clamped at zero: a factor of rank below its size has exact zeros which the
/// solver returns as ±1e-17 of the largest, and a root of a negative one would be NaN.
public final class SymmetricEigen implements SymmetricSpectrum {
    private final double[] eigenvalues;
    private final Matrix vectors;

    private SymmetricEigen(double[] eigenvalues, Matrix vectors) {
        this.eigenvalues = eigenvalues;
        this.vectors = vectors;
    }

    /// @param A [size, size], symmetric; only the upper triangle is read
    /// @throws cglora.kernels.error.CgloraException N-STATISTICS when the iteration does not
    ///     converge
    public static SymmetricEigen of(Matrix A) {
        if (A.rows() != A.columns()) {
            throw new IllegalArgumentException(
                    "a symmetric matrix is square, this one is %d × %d"
                            .formatted(A.rows(), A.columns()));
        }
        int size = A.rows();
        double[] vectors = A.values().clone();
        double[] eigenvalues = new double[size];
        OpenBlas.get().dsyevd(size, vectors, eigenvalues);
        for (int i = 0; i < size; i++) {
            eigenvalues[i] = Math.max(0, eigenvalues[i]);
        }
        return new SymmetricEigen(eigenvalues, new Matrix(size, size, vectors));
    }

    /// Ascending, clamped at zero, [size].
    public double[] eigenvalues() {
        return eigenvalues.clone();
    }

    /// Column `j` is the eigenvector of the `j`-th eigenvalue, [size, size].
    public Matrix vectors() {
        return vectors;
    }

    @Override
    public int size() {
        return eigenvalues.length;
    }

    @Override
    public double smallest() {
        return eigenvalues.length == 0 ? 0 : eigenvalues[0];
    }

    @Override
    public double largest() {
        return eigenvalues.length == 0 ? 0 : eigenvalues[eigenvalues.length - 1];
    }

    /// `(λ_i + damping)^exponent`, [size].
    public double[] powers(double damping, double exponent) {
        double[] powers = new double[eigenvalues.length];
        for (int i = 0; i < powers.length; i++) {
            powers[i] = exponent == 0 ? 1 : Math.pow(eigenvalues[i] + damping, exponent);
        }
        return powers;
    }

    @Override
    public Matrix applyPower(double damping, double exponent, Matrix Y) {
        if (exponent == 0) {
            return Y;
        }
        return vectors.times(vectors.transposeTimes(Y).scaledRows(powers(damping, exponent)));
    }

    @Override
    public Matrix power(double damping, double exponent) {
        if (exponent == 0) {
            return Matrix.identity(size());
        }
        return vectors.scaledColumns(powers(damping, exponent)).timesTransposed(vectors);
    }
}
