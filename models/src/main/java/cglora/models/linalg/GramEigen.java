package cglora.models.linalg;

import java.util.Arrays;

/// The spectrum of `A = XᵀX / divisor` [size, size] from the Gram matrix `XXᵀ` [N, N]; `A`
/// itself is never formed.
///
/// `A` has the nonzero eigenvalues of `XXᵀ / divisor`; their eigenvectors are
/// `V = Xᵀ W (divisor · Λ)^{-1/2}`. A function of `A` acts as `f(0)` on the complement of `V`:
/// `f(A) = f(0) (I − V Vᵀ) + V f(Λ) Vᵀ`.
public final class GramEigen implements SymmetricSpectrum {
    private final int size;
    private final double[] eigenvalues;
    private final Matrix vectors;

    private GramEigen(int size, double[] eigenvalues, Matrix vectors) {
        this.size = size;
        this.eigenvalues = eigenvalues;
        this.vectors = vectors;
    }

    /// @param X       [N, size], one row a token or an example
    /// @param divisor what the sum over rows is divided by
    public static GramEigen of(Matrix X, double divisor) {
        SymmetricEigen gram = SymmetricEigen.of(X.timesTransposed(X).scaled(1 / divisor));
        double[] all = gram.eigenvalues();
        // below this, an eigenvalue of the Gram matrix is rounding noise
        double noise = Math.max(X.rows(), X.columns()) * Math.ulp(gram.largest());
        int first = 0;
        while (first < all.length && all[first] <= noise) {
            first++;
        }
        // rank cannot pass size; with more tokens than dimensions the surplus is noise
        first = Math.max(first, all.length - X.columns());
        int kept = all.length - first;
        double[] eigenvalues = new double[kept];
        double[] scale = new double[kept];
        for (int i = 0; i < kept; i++) {
            eigenvalues[i] = all[first + i];
            scale[i] = 1 / Math.sqrt(divisor * eigenvalues[i]);
        }
        Matrix vectors = X.transposeTimes(gram.vectors().columns(first, kept)).scaledColumns(scale);
        return new GramEigen(X.columns(), eigenvalues, vectors);
    }

    /// The nonzero eigenvalues, ascending, [rank].
    public double[] eigenvalues() {
        return eigenvalues.clone();
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public double smallest() {
        return isFullRank() && size > 0 ? eigenvalues[0] : 0;
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

    @Override
    public Matrix applyPower(double damping, double exponent, Matrix Y) {
        if (exponent == 0) {
            return Y;
        }
        return Y.scaled(complement(damping, exponent))
                .plus(
                        vectors.times(
                                vectors.transposeTimes(Y).scaledRows(change(damping, exponent))));
    }

    /// What the power is on the complement of the vectors. At full rank the complement is empty
    /// and any number may stand for it. With that of the smallest eigenvalue, the vectors that are
    /// known worst, those of the smallest, count least; and damping 0 is no division by zero.
    private double complement(double damping, double exponent) {
        return Math.pow(smallest() + damping, exponent);
    }

    private double[] change(double damping, double exponent) {
        double complement = complement(damping, exponent);
        double[] change = new double[eigenvalues.length];
        for (int i = 0; i < change.length; i++) {
            change[i] = Math.pow(eigenvalues[i] + damping, exponent) - complement;
        }
        return change;
    }

    @Override
    public Matrix powerRows(double damping, double exponent, int first, int count) {
        Matrix rows =
                vectors.rows(first, count)
                        .scaledColumns(change(damping, exponent))
                        .timesTransposed(vectors);
        double complement = complement(damping, exponent);
        for (int i = 0; i < count; i++) {
            rows.values()[i * size + first + i] += complement;
        }
        return rows;
    }

    @Override
    public double meanPower(double damping, double exponent) {
        double change = Arrays.stream(change(damping, exponent)).sum();
        return complement(damping, exponent) + change / size;
    }

    private boolean isFullRank() {
        return eigenvalues.length == size;
    }
}
