package cglora.models.linalg;

import java.util.Arrays;
import java.util.Optional;

/// An orthonormal basis of the columns of a tall matrix from products and one small
/// factorisation: CholeskyQR2 (Yamamoto, Nakatsukasa, Yanagisawa and Fukaya 2015), `R =
/// chol(YᵀY)`, `Q = Y R⁻¹`, twice, since one pass is orthonormal only to the square of Y's
/// condition.
final class CholeskyQr {
    private CholeskyQr() {}

    /// @param Y [n, k], k ≤ n
    /// @return [n, k'] with orthonormal columns, k' ≤ k: directions of `Y` that are nothing but
    ///     rounding are left out
    static Matrix orthonormalize(Matrix Y) {
        double[] norms = Y.columnNorms();
        double largest = Arrays.stream(norms).max().orElse(0);
        if (largest == 0) {
            return Matrix.zero(Y.rows(), 0);
        }
        Matrix scaled = Y.scaled(1 / largest);
        return pass(scaled)
                .flatMap(CholeskyQr::pass)
                .orElseGet(() -> pass(withoutNullDirections(scaled)).orElseThrow());
    }

    /// One pass; empty when `YᵀY` is not positive definite beyond rounding.
    private static Optional<Matrix> pass(Matrix Y) {
        Matrix gram = Y.transposeTimes(Y);
        int k = gram.rows();
        double[] l = gram.values().clone();
        double noise = 16.0 * k * Math.ulp(gram.maxAbsolute());
        for (int j = 0; j < k; j++) {
            double pivot = l[j * k + j];
            for (int p = 0; p < j; p++) {
                pivot -= l[j * k + p] * l[j * k + p];
            }
            if (!(pivot > noise)) {
                return Optional.empty();
            }
            double diagonal = Math.sqrt(pivot);
            l[j * k + j] = diagonal;
            for (int i = j + 1; i < k; i++) {
                double sum = l[i * k + j];
                for (int p = 0; p < j; p++) {
                    sum -= l[i * k + p] * l[j * k + p];
                }
                l[i * k + j] = sum / diagonal;
            }
        }
        return Optional.of(Y.timesTransposed(inverseLower(l, k)));
    }

    /// `L⁻¹`, so that `Y R⁻¹ = Y (L⁻¹)ᵀ`.
    private static Matrix inverseLower(double[] l, int k) {
        double[] inverse = new double[k * k];
        for (int j = 0; j < k; j++) {
            inverse[j * k + j] = 1 / l[j * k + j];
            for (int i = j + 1; i < k; i++) {
                double sum = 0;
                for (int p = j; p < i; p++) {
                    sum -= l[i * k + p] * inverse[p * k + j];
                }
                inverse[i * k + j] = sum / l[i * k + i];
            }
        }
        return new Matrix(k, k, inverse);
    }

    /// A basis of the part of `Y`'s range that stands above rounding, from the eigenvectors of
    /// `YᵀY`; near enough to orthonormal for one further pass.
    private static Matrix withoutNullDirections(Matrix Y) {
        Matrix basis = Y;
        for (int repeat = 0; repeat < 2; repeat++) {
            SymmetricEigen eigen = SymmetricEigen.of(basis.transposeTimes(basis));
            double[] values = eigen.eigenvalues();
            double noise = 64.0 * values.length * Math.ulp(eigen.largest());
            int first = 0;
            while (values[first] <= noise) {
                first++;
            }
            int kept = values.length - first;
            double[] scale = new double[kept];
            for (int i = 0; i < kept; i++) {
                scale[i] = 1 / Math.sqrt(values[first + i]);
            }
            basis = basis.times(eigen.vectors().columns(first, kept)).scaledColumns(scale);
        }
        return basis;
    }
}
