package cglora.models.linalg;

import cglora.kernels.engine.OpenBlas;
import java.util.Arrays;

/// The eigendecomposition `A = V Λ Vᵀ` of a symmetric positive semidefinite matrix.
///
/// Eigenvalues are clamped at zero: a factor of rank below its size has exact zeros which the
/// solver returns as ±1e-17 of the largest, and a root of a negative one would be NaN.
public final class SymmetricEigen implements SymmetricSpectrum {
    /// Rows and columns of the squares that a transposition swaps at a time.
    private static final int TILE = 32;

    private final double[] eigenvalues;
    private final Matrix vectors;

    private SymmetricEigen(double[] eigenvalues, Matrix vectors) {
        this.eigenvalues = eigenvalues;
        this.vectors = vectors;
    }

    /// @param A [size, size], symmetric; only the lower triangle is read
    /// @throws cglora.kernels.error.CgloraException N-STATISTICS when the iteration does not
    ///     converge
    public static SymmetricEigen of(Matrix A) {
        return inPlace(A.copy());
    }

    /// The same in the array of `A`, which is of no use afterwards.
    public static SymmetricEigen inPlace(Matrix A) {
        if (A.rows() != A.columns()) {
            throw new IllegalArgumentException(
                    "a symmetric matrix is square, this one is %d × %d"
                            .formatted(A.rows(), A.columns()));
        }
        int size = A.rows();
        double[] vectors = A.values();
        double[] eigenvalues = new double[size];
        OpenBlas.get().dsyevd(size, vectors, eigenvalues);
        transpose(size, vectors);
        for (int i = 0; i < size; i++) {
            eigenvalues[i] = Math.max(0, eigenvalues[i]);
        }
        return new SymmetricEigen(eigenvalues, new Matrix(size, size, vectors));
    }

    private static void transpose(int size, double[] values) {
        for (int top = 0; top < size; top += TILE) {
            for (int left = top; left < size; left += TILE) {
                for (int i = top; i < Math.min(size, top + TILE); i++) {
                    for (int j = Math.max(left, i + 1); j < Math.min(size, left + TILE); j++) {
                        double upper = values[i * size + j];
                        values[i * size + j] = values[j * size + i];
                        values[j * size + i] = upper;
                    }
                }
            }
        }
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

    @Override
    public double trace() {
        return Arrays.stream(eigenvalues).sum();
    }

    @Override
    public double[] leadingValues(int count) {
        return SymmetricSpectrum.leading(eigenvalues, count);
    }

    @Override
    public Matrix leadingVectors(int count) {
        return SymmetricSpectrum.leading(vectors, Math.min(count, vectors.columns()));
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
    public Matrix powerRows(double damping, double exponent, int first, int count) {
        return vectors.rows(first, count)
                .scaledColumns(powers(damping, exponent))
                .timesTransposed(vectors);
    }

    @Override
    public double meanPower(double damping, double exponent) {
        return Arrays.stream(powers(damping, exponent)).average().orElse(0);
    }
}
