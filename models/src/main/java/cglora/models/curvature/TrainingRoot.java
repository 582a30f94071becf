package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.SymmetricSpectrum;

/// A symmetric root `L = (F + λ)^{-q} / mean diag` of one damped factor `F` [size, size], in whose
/// coordinates a side of a layer is trained, and its inverse. Its diagonal has the mean 1, so that
/// a rate means about the same as without it.
sealed interface TrainingRoot permits TrainingRoot.Whole, TrainingRoot.Leading {
    /// `c` of `c · I − P Pᵀ`; 1 for a whole matrix.
    float scale();

    /// Some rows of `L` [count, size], or of `P` [count, k].
    Matrix rows(int first, int count);

    /// `L⁻¹ (F + λ)^{-p} Y`.
    ///
    /// @param Y [size, r]
    Matrix applyInverse(double p, Matrix Y);

    /// `L` as a matrix.
    record Whole(SymmetricSpectrum factor, double damping, double q) implements TrainingRoot {
        @Override
        public float scale() {
            return 1;
        }

        @Override
        public Matrix rows(int first, int count) {
            return factor.powerRows(damping, -q, first, count)
                    .scaled(1 / factor.meanPower(damping, -q));
        }

        @Override
        public Matrix applyInverse(double p, Matrix Y) {
            return factor.applyPower(damping, q - p, Y).scaled(factor.meanPower(damping, -q));
        }
    }

    /// The leading k eigenpairs `V`, `Λ` of `F`; the complement has the mean of the other
    /// eigenvalues. With `f(x) = (x + λ)^{-q}` and that mean `μ`, before the division by the mean
    /// of its diagonal `L` is `f(μ) I − V (f(μ) − f(Λ)) Vᵀ`: leading eigenvalues are none below
    /// `μ`, so that the difference has a root. No matrix [size, size] is made.
    ///
    /// @param V     [size, k]
    /// @param f     [k], of the leading eigenvalues
    /// @param rest  f of the complement
    /// @param mean  of the diagonal
    /// @param count columns of `P`: those beyond k are zero
    record Leading(
            SymmetricSpectrum factor,
            double damping,
            Matrix V,
            double[] f,
            double rest,
            double mean,
            int count)
            implements TrainingRoot {
        static Leading of(SymmetricSpectrum factor, double damping, double q, int count) {
            int size = factor.size();
            Matrix V = factor.leadingVectors(Math.min(count, size));
            int k = V.columns();
            double[] values = factor.leadingValues(k);
            double[] f = new double[k];
            double left = factor.trace();
            double sum = 0;
            for (int i = 0; i < k; i++) {
                f[i] = Math.pow(values[i] + damping, -q);
                left -= values[i];
                sum += f[i];
            }
            double mu = k == size ? factor.smallest() : Math.max(0, left / (size - k));
            double rest = Math.pow(mu + damping, -q);
            return new Leading(
                    factor, damping, V, f, rest, (sum + (size - k) * rest) / size, count);
        }

        @Override
        public float scale() {
            return (float) (rest / mean);
        }

        @Override
        public Matrix rows(int first, int rows) {
            double[] lengths = new double[f.length];
            for (int i = 0; i < lengths.length; i++) {
                lengths[i] = Math.sqrt(Math.max(0, rest - f[i]) / mean);
            }
            Matrix known = V.rows(first, rows).scaledColumns(lengths);
            if (known.columns() == count) {
                return known;
            }
            Matrix padded = Matrix.zero(rows, count);
            for (int i = 0; i < rows; i++) {
                System.arraycopy(
                        known.values(), i * f.length, padded.values(), i * count, f.length);
            }
            return padded;
        }

        @Override
        public Matrix applyInverse(double p, Matrix Y) {
            double[] change = new double[f.length];
            for (int i = 0; i < change.length; i++) {
                change[i] = mean / f[i] - mean / rest;
            }
            Matrix X = factor.applyPower(damping, -p, Y);
            return X.scaled(mean / rest).plus(V.times(V.transposeTimes(X).scaledRows(change)));
        }
    }
}
