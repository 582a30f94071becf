package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RangeSketch;
import cglora.models.linalg.SketchedEigen;
import cglora.models.linalg.TruncatedSvd;

/// The sketched form: products of `A`, `S`, `G` and `Gᵀ` with a few random columns, gathered in one
/// pass. Memory `(k + l) · (in + out)`; neither the factors nor `G` exist, nor are tokens kept.
///
/// The leading eigenpairs of the factors are kept, and the mean of their other eigenvalues in the
/// place of each ([SketchedEigen]); `G` is known within the range that its columns saw
/// ([RangeSketch]). With enough columns for the ranks of all three it is the factored form.
///
/// @param XOmega   `A Ω` [in, k]
/// @param GOmega   `G Ω` [out, k]
/// @param SPsi     `S Ψ` [out, l]
/// @param GPsi     `GᵀΨ` [in, l]
/// @param traceA   tr A
/// @param traceS   tr S
/// @param Omega    [in, k] normal entries
/// @param Psi      [out, l] normal entries
public record SketchedKfac(
        Matrix XOmega,
        Matrix GOmega,
        Matrix SPsi,
        Matrix GPsi,
        double traceA,
        double traceS,
        Matrix Omega,
        Matrix Psi)
        implements CurvatureStatistics {
    public SketchedKfac {
        requireNonNull(XOmega, "XOmega");
        requireNonNull(GOmega, "GOmega");
        requireNonNull(SPsi, "SPsi");
        requireNonNull(GPsi, "GPsi");
        requireNonNull(Omega, "Omega");
        requireNonNull(Psi, "Psi");
    }

    private RangeSketch gradient() {
        return new RangeSketch(GOmega, GPsi, Psi);
    }

    @Override
    public int in() {
        return XOmega.rows();
    }

    @Override
    public int out() {
        return SPsi.rows();
    }

    @Override
    public boolean isZeroGradient() {
        return gradient().isZero();
    }

    @Override
    public boolean isFinite() {
        return XOmega.isFinite()
                && SPsi.isFinite()
                && gradient().isFinite()
                && Double.isFinite(traceA)
                && Double.isFinite(traceS);
    }

    @Override
    public OperatorRoots roots(Damping damping, double pA, double pS) {
        return new OperatorRoots(
                SketchedEigen.of(XOmega, Omega, traceA),
                SketchedEigen.of(SPsi, Psi, traceS),
                damping.split(traceA, in(), traceS, out()),
                pA,
                pS);
    }

    @Override
    public WhitenedGradient whitenedGradientSvd(
            Damping damping, double pA, double pS, int rank, long seed) {
        OperatorRoots roots = roots(damping, pA, pS);
        RangeSketch.Factors G = gradient().factors();
        TruncatedSvd svd =
                TruncatedSvd.ofProduct(
                        roots.applyOutput(G.left()), roots.applyInput(G.right()), 1, rank, seed);
        return WhitenedGradient.of(svd, roots);
    }

    @Override
    public Matrix whitenedGradient(Damping damping, double pA, double pS) {
        OperatorRoots roots = roots(damping, pA, pS);
        RangeSketch.Factors G = gradient().factors();
        return roots.applyOutput(G.left()).timesTransposed(roots.applyInput(G.right()));
    }
}
