package cglora.models.linalg;

import java.util.Arrays;

/// Leading singular triplets of an operator from products with few columns at a time: a randomised
/// block Krylov space `[Y, (M Mᵀ) Y, (M Mᵀ)² Y, …]`, `Y = M Ω` (Musco and Musco, arXiv 1504.05477),
/// orthonormalised block by block (block Lanczos with full reorthogonalisation; Golub and Van Loan,
/// section 10.3.6), in which the best triplets are taken (Rayleigh and Ritz).
///
/// As many products as a power iteration needs, and far fewer of them where the spectrum is flat.
/// The space grows until the residual of every wanted triplet, `‖M Mᵀ u − σ² u‖`, which costs no
/// further product, is small.
final class KrylovSvd {
    /// Of the residual, against the square of the first singular value; products in float32 have
    /// an error of a tenth of it.
    private static final double RESIDUAL = 1e-5;

    /// Blocks that the space has at most.
    private static final int MOST_BLOCKS = 20;

    private final LinearOperator M;
    private final int rank;
    private Matrix basis;
    private Matrix mapped;
    private Matrix squared;
    private double[] values;
    private Matrix inBasis;
    private Matrix left;

    private KrylovSvd(LinearOperator M, int rank) {
        this.M = M;
        this.rank = rank;
    }

    /// @param Omega [columns, block] random columns, at least `rank`
    /// @return `rank` triplets, or fewer where the operator has no more
    static TruncatedSvd of(LinearOperator M, Matrix Omega, int rank) {
        return new KrylovSvd(M, rank).run(Omega);
    }

    private TruncatedSvd run(Matrix Omega) {
        Matrix block = CholeskyQr.orthonormalize(M.multiply(Omega));
        basis = Matrix.zero(M.rows(), 0);
        mapped = Matrix.zero(M.columns(), 0);
        squared = Matrix.zero(M.rows(), 0);
        for (int blocks = 1; block.columns() > 0; blocks++) {
            Matrix transposed = M.multiplyTransposed(block);
            Matrix next = M.multiply(transposed);
            basis = basis.beside(block);
            mapped = mapped.beside(transposed);
            squared = squared.beside(next);
            findBest();
            if (blocks == MOST_BLOCKS
                    || basis.columns() + next.columns() > M.rows()
                    || largestResidual() <= RESIDUAL * values[0] * values[0]) {
                break;
            }
            block = CholeskyQr.orthonormalize(beyondBasis(beyondBasis(next)));
        }
        return values == null
                ? new TruncatedSvd(
                        Matrix.zero(M.rows(), 0), new double[0], Matrix.zero(M.columns(), 0))
                : result();
    }

    /// `(I − K Kᵀ) Y`.
    private Matrix beyondBasis(Matrix Y) {
        return Y.minus(basis.times(basis.transposeTimes(Y)));
    }

    /// The best triplets in the space, from `(MᵀK)ᵀ (MᵀK)`.
    private void findBest() {
        SymmetricEigen eigen = SymmetricEigen.of(mapped.transposeTimes(mapped));
        int kept = Math.min(rank, basis.columns());
        inBasis = eigen.leadingVectors(kept);
        values = Arrays.stream(eigen.leadingValues(kept)).map(Math::sqrt).toArray();
        left = basis.times(inBasis);
    }

    private double largestResidual() {
        double[] squares = Arrays.stream(values).map(v -> v * v).toArray();
        double[] norms = squared.times(inBasis).minus(left.scaledColumns(squares)).columnNorms();
        return Arrays.stream(norms).max().orElse(0);
    }

    private TruncatedSvd result() {
        double[] inverse = new double[values.length];
        for (int i = 0; i < inverse.length; i++) {
            inverse[i] = values[i] > 0 ? 1 / values[i] : 0;
        }
        Matrix right = mapped.times(inBasis).scaledColumns(inverse);
        return new TruncatedSvd(left, values, right);
    }
}
