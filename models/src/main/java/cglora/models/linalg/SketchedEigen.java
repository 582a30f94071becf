package cglora.models.linalg;

import java.util.Arrays;

/// The leading eigenpairs of a symmetric positive semidefinite matrix `A` [size, size] that is
/// only known by `Y = A Ω`, and the mean of its other eigenvalues in the place of each of them.
///
/// The pairs are those of the Nyström approximation `Y (ΩᵀY)⁻¹ Yᵀ`, which lies below `A` and
/// misses no more than the eigenvalues beyond the columns of `Ω` (Tropp, Yurtsever, Udell and
/// Cevher, arXiv 1706.05736).
public final class SketchedEigen implements SymmetricSpectrum {
    /// Eigenvalues below this share of the largest are rounding. Those of sums in float32 that pass
    /// it come out far below the mean of all, and count for nothing.
    private static final double NOISE = 0x1p-26;

    private final double[] eigenvalues;
    private final Matrix vectors;
    private final double rest;

    private SketchedEigen(double[] eigenvalues, Matrix vectors, double rest) {
        this.eigenvalues = eigenvalues;
        this.vectors = vectors;
        this.rest = rest;
    }

    /// @param Y     [size, k] `A Ω`
    /// @param Omega [size, k] normal entries, k ≤ size
    /// @param trace of `A`
    public static SketchedEigen of(Matrix Y, Matrix Omega, double trace) {
        int size = Y.rows();
        if (!(trace > 0)) {
            return new SketchedEigen(new double[0], Matrix.zero(size, 0), 0);
        }
        // (ΩᵀY)^{-1/2} on the directions that stand above rounding
        Matrix gram = Omega.transposeTimes(Y);
        SymmetricEigen core = SymmetricEigen.of(gram.plus(gram.transpose()).scaled(0.5));
        int first = firstAbove(core.eigenvalues(), NOISE * core.largest());
        int kept = gram.rows() - first;
        double[] inverseRoots = new double[kept];
        for (int i = 0; i < kept; i++) {
            inverseRoots[i] = 1 / Math.sqrt(core.eigenvalues()[first + i]);
        }
        Matrix half = Y.times(core.vectors().columns(first, kept)).scaledColumns(inverseRoots);
        // A ≈ half · halfᵀ
        SymmetricEigen inner = SymmetricEigen.of(half.transposeTimes(half));
        int start = firstAbove(inner.eigenvalues(), NOISE * inner.largest());
        int count = kept - start;
        double[] values = Arrays.copyOfRange(inner.eigenvalues(), start, kept);
        double[] scale = new double[count];
        double found = 0;
        for (int i = 0; i < count; i++) {
            scale[i] = 1 / Math.sqrt(values[i]);
            found += values[i];
        }
        Matrix vectors = half.times(inner.vectors().columns(start, count)).scaledColumns(scale);
        double rest = count < size ? Math.max(0, trace - found) / (size - count) : 0;
        return new SketchedEigen(values, vectors, rest);
    }

    private static int firstAbove(double[] ascending, double bound) {
        int first = 0;
        while (first < ascending.length && !(ascending[first] > bound)) {
            first++;
        }
        return first;
    }

    @Override
    public int size() {
        return vectors.rows();
    }

    @Override
    public double smallest() {
        return eigenvalues.length == size()
                ? eigenvalues[0]
                : Math.min(rest, eigenvalues.length == 0 ? rest : eigenvalues[0]);
    }

    @Override
    public double largest() {
        return eigenvalues.length == 0 ? rest : Math.max(rest, eigenvalues[eigenvalues.length - 1]);
    }

    @Override
    public double trace() {
        return Arrays.stream(eigenvalues).sum() + rest * (size() - eigenvalues.length);
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
        Matrix scaled = Y.scaled(complement(damping, exponent));
        return eigenvalues.length == 0
                ? scaled
                : scaled.plus(
                        vectors.times(
                                vectors.transposeTimes(Y).scaledRows(change(damping, exponent))));
    }

    @Override
    public Matrix powerRows(double damping, double exponent, int first, int count) {
        Matrix rows =
                vectors.rows(first, count)
                        .scaledColumns(change(damping, exponent))
                        .timesTransposed(vectors);
        double complement = complement(damping, exponent);
        for (int i = 0; i < count; i++) {
            rows.values()[i * size() + first + i] += complement;
        }
        return rows;
    }

    @Override
    public double meanPower(double damping, double exponent) {
        return complement(damping, exponent)
                + Arrays.stream(change(damping, exponent)).sum() / size();
    }

    /// At full rank there is no complement, and any number may stand for it.
    private double complement(double damping, double exponent) {
        double value = eigenvalues.length == size() ? eigenvalues[0] : rest;
        return Math.pow(value + damping, exponent);
    }

    private double[] change(double damping, double exponent) {
        double complement = complement(damping, exponent);
        double[] change = new double[eigenvalues.length];
        for (int i = 0; i < change.length; i++) {
            change[i] = Math.pow(eigenvalues[i] + damping, exponent) - complement;
        }
        return change;
    }
}
