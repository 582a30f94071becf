package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.SymmetricEigen;
import cglora.models.linalg.TruncatedSvd;

/// The factored form: `A`, `S` and `G` as matrices. Memory in² + out² + in · out, and the same
/// again once decomposed.
///
/// Works in the eigenbases `A = V_a Λ_a V_aᵀ`, `S = V_s Λ_s V_sᵀ`: with the rotated gradient
/// `V_sᵀ G V_a`, the whitened gradient is `V_s C V_aᵀ`, `C` its entries each divided by
/// `(λ_s,i + λ_s)^{p_s} (λ_a,j + λ_a)^{p_a}`, so a new damping costs no further large product.
public final class FactoredKfac implements CurvatureStatistics {
    private final Matrix A;
    private final Matrix S;
    private final Matrix G;
    private Eigenbases eigenbases;

    private record Eigenbases(SymmetricEigen input, SymmetricEigen output, Matrix gradient) {}

    /// @param A [in, in] input factor, symmetric
    /// @param S [out, out] output factor, symmetric
    /// @param G [out, in] gradient
    public FactoredKfac(Matrix A, Matrix S, Matrix G) {
        requireNonNull(A, "A");
        requireNonNull(S, "S");
        requireNonNull(G, "G");
        if (A.rows() != G.columns()
                || A.columns() != G.columns()
                || S.rows() != G.rows()
                || S.columns() != G.rows()) {
            throw new IllegalArgumentException(
                    "A is %d × %d, S %d × %d, G %d × %d; expected [in, in], [out, out], [out, in]"
                            .formatted(
                                    A.rows(),
                                    A.columns(),
                                    S.rows(),
                                    S.columns(),
                                    G.rows(),
                                    G.columns()));
        }
        this.A = A;
        this.S = S;
        this.G = G;
    }

    /// Input factor, [in, in].
    public Matrix A() {
        return A;
    }

    /// Output factor, [out, out].
    public Matrix S() {
        return S;
    }

    /// Gradient, [out, in].
    public Matrix G() {
        return G;
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
    public double traceA() {
        return A.trace();
    }

    @Override
    public double traceS() {
        return S.trace();
    }

    @Override
    public boolean isZeroGradient() {
        return G.isZero();
    }

    @Override
    public boolean isFinite() {
        return A.isFinite() && S.isFinite() && G.isFinite();
    }

    @Override
    public OperatorRoots roots(Damping damping, double pA, double pS) {
        Eigenbases bases = eigenbases();
        return new OperatorRoots(
                bases.input, bases.output, damping.split(traceA(), in(), traceS(), out()), pA, pS);
    }

    @Override
    public WhitenedGradient whitenedGradientSvd(
            Damping damping, double pA, double pS, int rank, long seed) {
        OperatorRoots roots = roots(damping, pA, pS);
        TruncatedSvd core = TruncatedSvd.of(core(roots.damping(), pA, pS), rank, seed);
        Eigenbases bases = eigenbases();
        return WhitenedGradient.of(
                core.rotated(bases.output.vectors(), bases.input.vectors()), roots);
    }

    @Override
    public Matrix whitenedGradient(Damping damping, double pA, double pS) {
        OperatorRoots roots = roots(damping, pA, pS);
        Eigenbases bases = eigenbases();
        return bases.output
                .vectors()
                .times(core(roots.damping(), pA, pS))
                .timesTransposed(bases.input.vectors());
    }

    private Matrix core(Damping.Split split, double pA, double pS) {
        Eigenbases bases = eigenbases();
        return bases.gradient
                .scaledRows(bases.output.powers(split.lambdaS(), -pS))
                .scaledColumns(bases.input.powers(split.lambdaA(), -pA));
    }

    private synchronized Eigenbases eigenbases() {
        if (eigenbases == null) {
            SymmetricEigen input = SymmetricEigen.of(A);
            SymmetricEigen output = SymmetricEigen.of(S);
            Matrix gradient = output.vectors().transposeTimes(G).times(input.vectors());
            eigenbases = new Eigenbases(input, output, gradient);
        }
        return eigenbases;
    }
}
