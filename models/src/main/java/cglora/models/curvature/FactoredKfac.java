package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.SymmetricEigen;
import cglora.models.linalg.TruncatedSvd;

/// The factored form: `A`, `S` and `G` as matrices. Memory in² + out² + in · out, and the same
/// again once decomposed, unless the matrices are given up to that ([#givenUp]).
///
/// Works in the eigenbases `A = V_a Λ_a V_aᵀ`, `S = V_s Λ_s V_sᵀ`: with the rotated gradient
/// `V_sᵀ G V_a`, the whitened gradient is `V_s C V_aᵀ`, `C` its entries each divided by
/// `(λ_s,i + λ_s)^{p_s} (λ_a,j + λ_a)^{p_a}`, so a new damping costs no further large product.
public final class FactoredKfac implements CurvatureStatistics {
    private final int in;
    private final int out;
    private final double traceA;
    private final double traceS;
    private final boolean zeroGradient;
    private final boolean finite;
    private final boolean givenUp;
    private Matrix A;
    private Matrix S;
    private Matrix G;
    private Eigenbases eigenbases;

    private record Eigenbases(SymmetricEigen input, SymmetricEigen output, Matrix gradient) {}

    /// @param A [in, in] input factor, symmetric
    /// @param S [out, out] output factor, symmetric
    /// @param G [out, in] gradient
    public FactoredKfac(Matrix A, Matrix S, Matrix G) {
        this(A, S, G, false);
    }

    /// The same, where the eigendecomposition takes the matrices' memory over: they are gone once
    /// it has been asked for.
    public static FactoredKfac givenUp(Matrix A, Matrix S, Matrix G) {
        return new FactoredKfac(A, S, G, true);
    }

    private FactoredKfac(Matrix A, Matrix S, Matrix G, boolean givenUp) {
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
        this.givenUp = givenUp;
        this.in = G.columns();
        this.out = G.rows();
        this.traceA = A.trace();
        this.traceS = S.trace();
        this.zeroGradient = G.isZero();
        this.finite = A.isFinite() && S.isFinite() && G.isFinite();
    }

    /// Input factor, [in, in].
    public Matrix A() {
        return kept(A);
    }

    /// Output factor, [out, out].
    public Matrix S() {
        return kept(S);
    }

    /// Gradient, [out, in].
    public Matrix G() {
        return kept(G);
    }

    private static Matrix kept(Matrix M) {
        if (M == null) {
            throw new IllegalStateException("the factors were given up to their decomposition");
        }
        return M;
    }

    @Override
    public int in() {
        return in;
    }

    @Override
    public int out() {
        return out;
    }

    @Override
    public double traceA() {
        return traceA;
    }

    @Override
    public double traceS() {
        return traceS;
    }

    @Override
    public boolean isZeroGradient() {
        return zeroGradient;
    }

    @Override
    public boolean isFinite() {
        return finite;
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
            SymmetricEigen input = givenUp ? SymmetricEigen.inPlace(A) : SymmetricEigen.of(A);
            A = givenUp ? null : A;
            SymmetricEigen output = givenUp ? SymmetricEigen.inPlace(S) : SymmetricEigen.of(S);
            S = givenUp ? null : S;
            Matrix gradient = output.vectors().transposeTimes(G);
            G = givenUp ? null : G;
            gradient = gradient.times(input.vectors());
            eigenbases = new Eigenbases(input, output, gradient);
        }
        return eigenbases;
    }
}
