package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.SketchedEigen;
import cglora.models.linalg.TruncatedSvd;

/// The thin form: of the factors only products with a few random columns, and the gradient as a
/// product of thin factors `left · rightᵀ` ([TrackedGradient]). Neither the factors nor the
/// gradient exist, here or while they are gathered.
///
/// The factors are those of [SketchedKfac].
///
/// @param AOmega `A Ω` [in, k]
/// @param SPsi   `S Ψ` [out, l]
/// @param left   [out, m] of the gradient
/// @param right  [in, m] of the gradient
/// @param traceA tr A
/// @param traceS tr S
/// @param Omega  [in, k] normal entries
/// @param Psi    [out, l] normal entries
public record ThinKfac(
        Matrix AOmega,
        Matrix SPsi,
        Matrix left,
        Matrix right,
        double traceA,
        double traceS,
        Matrix Omega,
        Matrix Psi)
        implements CurvatureStatistics {
    public ThinKfac {
        requireNonNull(Omega, "Omega");
        requireNonNull(Psi, "Psi");
        requireNonNull(left, "left");
        requireShape("A Ω", AOmega, Omega.rows(), Omega.columns());
        requireShape("S Ψ", SPsi, Psi.rows(), Psi.columns());
        requireShape("left", left, Psi.rows(), left.columns());
        requireShape("right", right, Omega.rows(), left.columns());
    }

    private static void requireShape(String name, Matrix M, int rows, int columns) {
        requireNonNull(M, name);
        if (M.rows() != rows || M.columns() != columns) {
            throw new IllegalArgumentException(
                    "%s is %d × %d, expected %d × %d"
                            .formatted(name, M.rows(), M.columns(), rows, columns));
        }
    }

    @Override
    public int in() {
        return Omega.rows();
    }

    @Override
    public int out() {
        return Psi.rows();
    }

    @Override
    public boolean isZeroGradient() {
        return left.isZero() || right.isZero();
    }

    @Override
    public boolean isFinite() {
        return AOmega.isFinite()
                && SPsi.isFinite()
                && left.isFinite()
                && right.isFinite()
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
        OperatorRoots roots = roots(damping, pA, pS);
        return WhitenedGradient.of(
                TruncatedSvd.ofThin(roots.applyOutput(left), roots.applyInput(right), rank), roots);
    }

    @Override
    public Matrix whitenedGradient(Damping damping, double pA, double pS) {
        OperatorRoots roots = roots(damping, pA, pS);
        return roots.applyOutput(left).timesTransposed(roots.applyInput(right));
    }
}
