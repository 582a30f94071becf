package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.LowRank;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;

/// The leading part of one layer's whitened gradient `M = Ŝ^{-p_s} G Â^{-p_a} ≈ U Σ Vᵀ`, and
/// its way back to the weight.
///
/// The change of rank `r` nearest to the damped Newton step in the metric of the curvature is
/// `ΔW = −η Ŝ^{-p_s} U Σ Vᵀ Â^{-p_a}` (Zheng and Proutière, arXiv 2603.29824; Eckart and
/// Young).
///
/// @param svd     `U` [out, r], `Σ` [r], `V` [in, r]
/// @param output  `Ŝ^{-p_s} U` [out, r]
/// @param input   `Â^{-p_a} V` [in, r]
/// @param damping what was added to the two factors
public record WhitenedGradient(
        TruncatedSvd svd, Matrix output, Matrix input, Damping.Split damping) {
    public WhitenedGradient {
        requireNonNull(svd, "svd");
        requireNonNull(output, "output");
        requireNonNull(input, "input");
        requireNonNull(damping, "damping");
    }

    /// Two factors of one change of the weight.
    ///
    /// @param B [out, r]
    /// @param A [r, in]
    public record Factors(Matrix B, Matrix A) {}

    static WhitenedGradient of(TruncatedSvd svd, OperatorRoots roots) {
        return new WhitenedGradient(
                svd, roots.applyOutput(svd.U()), roots.applyInput(svd.V()), roots.damping());
    }

    public boolean isZero() {
        return svd.singularValues()[0] == 0;
    }

    /// `ΔW = −η Ŝ^{-p_s} U Σ Vᵀ Â^{-p_a}`, formed, [out, in].
    public Matrix product(double eta) {
        return output.scaledColumns(svd.singularValues()).timesTransposed(input).scaled(-eta);
    }

    /// `‖ΔW‖_F` at η = 1 of the first 1 … r components, from products of the columns alone, [r].
    public double[] norms() {
        return LowRank.norms(output.scaledColumns(svd.singularValues()), input.transpose());
    }

    /// `B`, `A` with `s · B · A = ΔW` and `‖b_i‖ = ‖a_i‖` for every component.
    ///
    /// Without the balance the norms differ by the scales of `Ŝ` and `Â`, which are orders of
    /// magnitude apart, and AdamW would train one factor only.
    ///
    /// @param scaling `s > 0`: alpha / r, or alpha / √r
    /// @param eta     step size, `η ≥ 0`
    public Factors balanced(double scaling, double eta) {
        double[] outputNorms = output.columnNorms();
        double[] inputNorms = input.columnNorms();
        double[] b = new double[svd.rank()];
        double[] a = new double[svd.rank()];
        for (int i = 0; i < b.length; i++) {
            double size = Math.sqrt(eta * svd.singularValues()[i] / scaling);
            if (size > 0) { // a zero singular value may come with a zero vector
                double balance = Math.sqrt(inputNorms[i] / outputNorms[i]);
                b[i] = -size * balance;
                a[i] = size / balance;
            }
        }
        return new Factors(output.scaledColumns(b), input.scaledColumns(a).transpose());
    }

    /// The directions alone: every column of `B` and every row of `A` of length `norm`, the
    /// sign of `B · A` that of `ΔW`.
    public Factors equalized(double norm) {
        return new Factors(
                output.scaledColumns(lengths(output, -norm)),
                input.scaledColumns(lengths(input, norm)).transpose());
    }

    private static double[] lengths(Matrix columns, double length) {
        double[] factors = columns.columnNorms();
        for (int i = 0; i < factors.length; i++) {
            factors[i] = factors[i] > 0 ? length / factors[i] : 0;
        }
        return factors;
    }
}
