package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.LinearOperator;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.SketchedEigen;
import cglora.models.linalg.TruncatedSvd;

/// The sketched form: the gradient itself, and of the factors their products with a few random
/// columns. Memory in · out + k · (in + out); the factors do not exist, and nothing of their size
/// is decomposed.
///
/// The leading eigenpairs of the factors are kept, and the mean of their other eigenvalues stands
/// for each of these ([SketchedEigen]). With relative damping near 1 only eigenvalues above the
/// mean matter. With at least as many columns as a factor has directions it is the factored form.
///
/// @param AOmega `A Ω` [in, k]
/// @param SPsi   `S Ψ` [out, k]
/// @param G      [out, in] gradient
/// @param traceA tr A
/// @param traceS tr S
/// @param Omega  [in, k] normal entries
/// @param Psi    [out, k] normal entries
public record SketchedKfac(
        Matrix AOmega,
        Matrix SPsi,
        Matrix G,
        double traceA,
        double traceS,
        Matrix Omega,
        Matrix Psi)
        implements CurvatureStatistics {
    public SketchedKfac {
        requireNonNull(AOmega, "AOmega");
        requireNonNull(SPsi, "SPsi");
        requireNonNull(G, "G");
        requireNonNull(Omega, "Omega");
        requireNonNull(Psi, "Psi");
        if (AOmega.rows() != G.columns()
                || SPsi.rows() != G.rows()
                || Omega.rows() != G.columns()
                || Psi.rows() != G.rows()
                || AOmega.columns() != Omega.columns()
                || SPsi.columns() != Psi.columns()) {
            throw new IllegalArgumentException(
                    "A Ω is %d × %d, S Ψ %d × %d, G %d × %d; expected [in, k], [out, k], [out, in]"
                            .formatted(
                                    AOmega.rows(),
                                    AOmega.columns(),
                                    SPsi.rows(),
                                    SPsi.columns(),
                                    G.rows(),
                                    G.columns()));
        }
    }

    @Override
    public int in() {
        return G.columns();
    }

    @Override
    public int out() {
        return G.rows();
    }

    @Override
    public boolean isZeroGradient() {
        return G.isZero();
    }

    @Override
    public boolean isFinite() {
        return AOmega.isFinite()
                && SPsi.isFinite()
                && G.isFinite()
                && Double.isFinite(traceA)
                && Double.isFinite(traceS);
    }

    @Override
    public OperatorRoots roots(Damping damping, double pA, double pS) {
        return new OperatorRoots(
                SketchedEigen.of(AOmega, Omega, traceA),
                SketchedEigen.of(SPsi, Psi, traceS),
                damping.split(traceA, in(), traceS, out()),
                pA,
                pS);
    }

    @Override
    public WhitenedGradient whitenedGradientSvd(
            Damping damping, double pA, double pS, int rank, long seed) {
        return whitenedGradientSvd(damping, pA, pS, rank, seed, LinearOperator.of(G));
    }

    /// The same with products of `G` that somebody else makes: all else is thin.
    ///
    /// @param gradient `G`
    public WhitenedGradient whitenedGradientSvd(
            Damping damping, double pA, double pS, int rank, long seed, LinearOperator gradient) {
        OperatorRoots roots = roots(damping, pA, pS);
        return WhitenedGradient.of(TruncatedSvd.of(whitened(roots, gradient), rank, seed), roots);
    }

    @Override
    public Matrix whitenedGradient(Damping damping, double pA, double pS) {
        return whitened(roots(damping, pA, pS), LinearOperator.of(G))
                .multiply(Matrix.identity(in()));
    }

    /// `Ŝ^{-p_s} G Â^{-p_a}`, not formed: the roots are symmetric.
    private LinearOperator whitened(OperatorRoots roots, LinearOperator gradient) {
        return new LinearOperator() {
            @Override
            public int rows() {
                return out();
            }

            @Override
            public int columns() {
                return in();
            }

            @Override
            public Matrix multiply(Matrix Y) {
                return roots.applyOutput(gradient.multiply(roots.applyInput(Y)));
            }

            @Override
            public Matrix multiplyTransposed(Matrix Y) {
                return roots.applyInput(gradient.multiplyTransposed(roots.applyOutput(Y)));
            }
        };
    }
}
