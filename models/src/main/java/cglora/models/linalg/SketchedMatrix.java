package cglora.models.linalg;

import static java.util.Objects.requireNonNull;

/// What two sketches of a matrix `G` [rows, columns] say of it, as a product of thin factors:
/// `G ≈ left · rightᵀ`.
///
/// With `Y = G Ω`, `W = Gᵀ Ψ` and an orthonormal basis `Q` of the columns of `Y`, `left = Q` and
/// `rightᵀ = (ΨᵀQ)⁺ Wᵀ`: one pass over `G`, which itself need never exist. Exact where `G` has
/// no more directions than `Ω` has columns; else the mean of `‖G − left rightᵀ‖²` is at most `(1
/// + k/(l − k − 1)) (1 + j/(k − j − 1)) Σ_{i > j} σᵢ²` for every `j < k − 1`, with `k` columns
/// of `Ω` and `l` of `Ψ` (Tropp, Yurtsever, Udell and Cevher, arXiv 1609.00048, algorithm 4 and
/// theorem 4.3).
///
/// @param left  [rows, k'], orthonormal columns, k' ≤ k
/// @param right [columns, k']
public record SketchedMatrix(Matrix left, Matrix right) {
    /// Singular values of `ΨᵀQ` below this share of the largest are rounding.
    private static final double NOISE = 0x1p-40;

    public SketchedMatrix {
        requireNonNull(left, "left");
        requireNonNull(right, "right");
        if (left.columns() != right.columns()) {
            throw new IllegalArgumentException(
                    "left has %d columns, right %d".formatted(left.columns(), right.columns()));
        }
    }

    /// @param Y   `G Ω` [rows, k], Ω of normal entries
    /// @param W   `Gᵀ Ψ` [columns, l]
    /// @param Psi [rows, l] normal entries, l ≥ k
    public static SketchedMatrix of(Matrix Y, Matrix W, Matrix Psi) {
        if (Psi.rows() != Y.rows() || Psi.columns() != W.columns() || Psi.columns() < Y.columns()) {
            throw new IllegalArgumentException(
                    "G Ω is %d × %d, Gᵀ Ψ %d × %d, Ψ %d × %d; expected [rows, k], [columns, l], [rows,"
                                    .formatted(
                                            Y.rows(),
                                            Y.columns(),
                                            W.rows(),
                                            W.columns(),
                                            Psi.rows(),
                                            Psi.columns())
                            + " l] with l ≥ k");
        }
        Matrix Q = CholeskyQr.orthonormalize(Y);
        if (Q.columns() == 0) {
            return new SketchedMatrix(Q, Matrix.zero(W.rows(), 0));
        }
        TruncatedSvd core = TruncatedSvd.exact(Psi.transposeTimes(Q));
        double[] inverse = core.singularValues().clone();
        for (int i = 0; i < inverse.length; i++) {
            boolean rounding = !(inverse[i] > NOISE * core.singularValues()[0]);
            inverse[i] = rounding ? 0 : 1 / inverse[i];
        }
        Matrix right = W.times(core.U().scaledColumns(inverse)).timesTransposed(core.V());
        return new SketchedMatrix(Q, right);
    }

    /// `left · rightᵀ`, formed.
    public Matrix product() {
        return left.timesTransposed(right);
    }
}
