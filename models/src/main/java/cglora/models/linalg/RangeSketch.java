package cglora.models.linalg;

import static java.util.Objects.requireNonNull;

/// A matrix `G` [rows, columns] that is only known by a sketch of its range and one of its
/// co-range, each taken in one pass over its summands.
///
/// `G ≈ Q (ΨᵀQ)⁺ (ΨᵀG)` with `Q` an orthonormal basis of `G Ω` (Tropp, Yurtsever, Udell and Cevher,
/// arXiv 1609.00048, algorithm 4). Exact where the rank of `G` is not above the columns of `Ω`;
/// else the error is a small multiple of what lies beyond half of them.
///
/// @param range   `G Ω` [rows, k]
/// @param coRange `GᵀΨ` [columns, l], l ≥ k
/// @param Psi     [rows, l] normal entries
public record RangeSketch(Matrix range, Matrix coRange, Matrix Psi) {
    /// Directions in which `Ψ` sees less than this share of the most are left out.
    private static final double NOISE = 1e-9;

    /// `G ≈ left · rightᵀ`.
    ///
    /// @param left  [rows, k'], orthonormal columns
    /// @param right [columns, k']
    public record Factors(Matrix left, Matrix right) {}

    public RangeSketch {
        requireNonNull(range, "range");
        requireNonNull(coRange, "coRange");
        requireNonNull(Psi, "Psi");
        if (range.rows() != Psi.rows()
                || coRange.columns() != Psi.columns()
                || coRange.columns() < range.columns()) {
            throw new IllegalArgumentException(
                    "range %d × %d, co-range %d × %d, Ψ %d × %d"
                            .formatted(
                                    range.rows(),
                                    range.columns(),
                                    coRange.rows(),
                                    coRange.columns(),
                                    Psi.rows(),
                                    Psi.columns()));
        }
    }

    public boolean isZero() {
        return range.isZero() || coRange.isZero();
    }

    public boolean isFinite() {
        return range.isFinite() && coRange.isFinite();
    }

    public Factors factors() {
        Matrix Q = CholeskyQr.orthonormalize(range);
        TruncatedSvd seen = TruncatedSvd.exact(Psi.transposeTimes(Q));
        double[] inverse = new double[seen.rank()];
        for (int i = 0; i < inverse.length; i++) {
            double value = seen.singularValues()[i];
            inverse[i] = value > NOISE * seen.singularValues()[0] ? 1 / value : 0;
        }
        Matrix right = coRange.times(seen.U().scaledColumns(inverse)).timesTransposed(seen.V());
        return new Factors(Q, right);
    }
}
