package cglora.models.whitening;

import cglora.models.curvature.FactoredKfac;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SymmetricEigen;
import java.util.Random;

/// Factors of drawn spectra, and layers of them.
final class RandomFactors {
    private RandomFactors() {}

    /// Of six spectra: flat, geometric, two clusters, one large value among small ones, random, and
    /// of half the rank; of trace `size · scale`.
    static Matrix factor(int size, int kind, double scale, Random random) {
        double[] values = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            values[i] =
                    switch (kind) {
                        case 0 -> 1;
                        case 1 -> Math.pow(1e-4, (double) i / size);
                        case 2 -> i < size / 3 ? 1 : 1e-3;
                        case 3 -> i == 0 ? 1000 : random.nextDouble();
                        case 4 -> random.nextDouble();
                        default -> i % 2 == 0 ? 1 : 0;
                    };
            sum += values[i];
        }
        Matrix V = RandomMatrices.orthogonal(size, random);
        return V.scaledColumns(values).timesTransposed(V).scaled(scale * size / sum);
    }

    /// A layer whose whitened gradient, exponents ½ and the damping given as multiples of the mean
    /// eigenvalues, has the singular values `first` and, beyond `rank`, smaller ones by `gap`.
    static FactoredKfac withGap(
            int out, int in, int rank, double gap, double lambda, Random random) {
        Matrix A = factor(in, 1 + random.nextInt(5), 3, random);
        Matrix S = factor(out, 1 + random.nextInt(5), 1e-7, random);
        Matrix U = RandomMatrices.orthogonal(out, random);
        Matrix V = RandomMatrices.orthogonal(in, random);
        int side = Math.min(in, out);
        double[] values = new double[side];
        for (int i = 0; i < side; i++) {
            values[i] = (1 + random.nextDouble()) * (i < rank ? 1 : gap);
        }
        Matrix M = U.columns(0, side).scaledColumns(values).timesTransposed(V.columns(0, side));
        Matrix left = SymmetricEigen.of(S).power(lambda * S.trace() / out, 0.5);
        Matrix right = SymmetricEigen.of(A).power(lambda * A.trace() / in, 0.5);
        return new FactoredKfac(A, S, left.times(M).times(right));
    }
}
