package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.GramEigen;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;

/// The implicit form: kept tokens instead of `A`, `S` and `G`. Memory N · (in + out) + N²; no
/// matrix [in, in], [out, out] or [out, in] is formed.
///
/// Every power of a factor acts as that of the bare damping outside the span of the tokens
/// ([GramEigen]). `M = P Qᵀ / n` with `P = Ŝ^{-p_s} Γᵀ` [out, N] and `Q = Â^{-p_a} Xᵀ` [in, N],
/// which holds for every source of `S` and both ways of sharing, also where part of the
/// gradient lies outside the span of the curvature's tokens.
public final class TokenGram implements CurvatureStatistics {
    private final Matrix X;
    private final Matrix Gamma;
    private final double weight;
    private final Matrix inputRows;
    private final Matrix outputRows;
    private Spectra spectra;

    private record Spectra(GramEigen input, GramEigen output) {}

    /// @param X          [N, in] inputs of the gradient
    /// @param Gamma      [N, out] output gradients of the gradient
    /// @param weight     n, what `G = ΓᵀX / n` and `S` are divided by; less where tokens were left
    ///     out
    /// @param inputRows  [N_a, in], `A = inputRowsᵀ inputRows / N_a`
    /// @param outputRows [N_s, out], `S = outputRowsᵀ outputRows / n`
    TokenGram(Matrix X, Matrix Gamma, double weight, Matrix inputRows, Matrix outputRows) {
        this.X = requireNonNull(X, "X");
        this.Gamma = requireNonNull(Gamma, "Gamma");
        this.weight = weight;
        this.inputRows = requireNonNull(inputRows, "inputRows");
        this.outputRows = requireNonNull(outputRows, "outputRows");
    }

    @Override
    public int in() {
        return X.columns();
    }

    @Override
    public int out() {
        return Gamma.columns();
    }

    @Override
    public double traceA() {
        return inputRows.dot(inputRows) / inputRows.rows();
    }

    @Override
    public double traceS() {
        return outputRows.dot(outputRows) / weight;
    }

    @Override
    public boolean isZeroGradient() {
        return Gamma.isZero() || X.isZero();
    }

    @Override
    public boolean isFinite() {
        return X.isFinite() && Gamma.isFinite() && inputRows.isFinite() && outputRows.isFinite();
    }

    @Override
    public OperatorRoots roots(Damping damping, double pA, double pS) {
        Spectra both = spectra();
        return new OperatorRoots(
                both.input, both.output, damping.split(traceA(), in(), traceS(), out()), pA, pS);
    }

    @Override
    public WhitenedGradient whitenedGradientSvd(
            Damping damping, double pA, double pS, int rank, long seed) {
        OperatorRoots roots = roots(damping, pA, pS);
        Matrix P = roots.applyOutput(Gamma.transpose());
        Matrix Q = roots.applyInput(X.transpose());
        TruncatedSvd svd = TruncatedSvd.ofProduct(P, Q, 1 / weight, rank, seed);
        return WhitenedGradient.of(svd, roots);
    }

    @Override
    public Matrix whitenedGradient(Damping damping, double pA, double pS) {
        OperatorRoots roots = roots(damping, pA, pS);
        return roots.applyOutput(Gamma.transpose())
                .timesTransposed(roots.applyInput(X.transpose()))
                .scaled(1 / weight);
    }

    private synchronized Spectra spectra() {
        if (spectra == null) {
            spectra =
                    new Spectra(
                            GramEigen.of(inputRows, inputRows.rows()),
                            GramEigen.of(outputRows, weight));
        }
        return spectra;
    }
}
