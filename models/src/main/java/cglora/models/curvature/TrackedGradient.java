package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.SketchedMatrix;
import cglora.models.linalg.SymmetricSpectrum;
import cglora.models.linalg.ThinQr;
import cglora.models.linalg.TruncatedSvd;
import java.util.SplittableRandom;

/// The gradient `G` [out, in] of one layer as a product of thin factors, `G ≈ left · rightᵀ`,
/// made from the sums of a few parts of the examples that are seen one after the other. Of a
/// part `Gₜ` only `Gₜ Ω` and `Gₜᵀ Ψ` are known, and after each part the columns `Ω` [in, k] and
/// `Ψ` [out, l] turn to where the gradient has been.
///
/// Of the first part random columns tell ([SketchedMatrix]). Then, with the leading singular
/// vectors `U`, `V` of the whitened gradient `Ŝ^{-½} G Â^{-½}` so far, `Ψ = Ŝ^{-½} U`, `Ω =
/// Â^{-½} V`, `B = Ŝ^½ U` and `C = Â^½ V`, a part is taken for `B Ψᵀ Gₜ + (I − B Ψᵀ) Gₜ Ω Cᵀ`:
/// what lies outside of both spaces is left out, `(I − U Uᵀ) Mₜ (I − V Vᵀ)` in the metric of the
/// curvature. Where too few directions are known, random ones fill the columns. A block power
/// iteration whose every step sees new examples: what only some of them have does not come back.
public final class TrackedGradient {
    /// Columns that are kept from part to part, over those of `Ψ`.
    private static final int KEPT = 1;

    private final SplittableRandom random;
    private Matrix left;
    private Matrix right;
    private Matrix Omega;
    private Matrix Psi;
    private Matrix B;
    private Matrix C;

    /// @param Omega  [in, k] normal entries
    /// @param Psi    [out, l] normal entries, l ≥ k
    /// @param random draws directions where too few are known
    public TrackedGradient(Matrix Omega, Matrix Psi, SplittableRandom random) {
        this.random = random;
        this.Omega = Omega;
        this.Psi = Psi;
        this.left = Matrix.zero(Psi.rows(), 0);
        this.right = Matrix.zero(Omega.rows(), 0);
    }

    /// [in, k], for the next part.
    public Matrix Omega() {
        return Omega;
    }

    /// [out, l], for the next part.
    public Matrix Psi() {
        return Psi;
    }

    /// [out, m].
    public Matrix left() {
        return left;
    }

    /// [in, m].
    public Matrix right() {
        return right;
    }

    /// Adds a part.
    ///
    /// @param Y `Gₜ Ω` [out, k]
    /// @param W `Gₜᵀ Ψ` [in, l]
    public void add(Matrix Y, Matrix W) {
        if (B == null) {
            SketchedMatrix part = SketchedMatrix.of(Y, W, Psi);
            left = left.beside(part.left());
            right = right.beside(part.right());
            return;
        }
        left = left.beside(B).beside(Y.minus(B.times(Psi.transposeTimes(Y))));
        right = right.beside(W).beside(C);
    }

    /// Turns the columns to the leading directions of what is known, and keeps no more of it than a
    /// few times as many. Where nothing is known the columns stay.
    ///
    /// @param A the input factor so far
    /// @param S the output factor so far
    public void turn(SymmetricSpectrum A, SymmetricSpectrum S) {
        if (!(A.trace() > 0 && S.trace() > 0) || left.columns() == 0) {
            return;
        }
        double lambdaA = A.trace() / A.size();
        double lambdaS = S.trace() / S.size();
        TruncatedSvd svd =
                TruncatedSvd.ofThin(
                        S.applyPower(lambdaS, -0.5, left),
                        A.applyPower(lambdaA, -0.5, right),
                        KEPT * Psi.columns());
        Matrix U = filled(svd.U(), svd.singularValues());
        Matrix V = filled(svd.V(), svd.singularValues());
        Matrix outputs = S.applyPower(lambdaS, 0.5, U);
        Matrix inputs = A.applyPower(lambdaA, 0.5, V);
        int k = Omega.columns();
        left = outputs.scaledColumns(svd.singularValues());
        right = inputs;
        Psi = S.applyPower(lambdaS, -0.5, U.columns(0, Psi.columns()));
        Omega = A.applyPower(lambdaA, -0.5, V.columns(0, k));
        B = outputs.columns(0, Psi.columns());
        C = inputs.columns(0, k);
    }

    /// Random directions beside those that are known in the place of those that are not.
    private Matrix filled(Matrix vectors, double[] values) {
        int known = 0;
        while (known < values.length && values[known] > 0) {
            known++;
        }
        if (known == values.length) {
            return vectors;
        }
        Matrix others = Matrix.zero(vectors.rows(), values.length - known);
        for (int i = 0; i < others.values().length; i++) {
            others.values()[i] = random.nextGaussian();
        }
        return ThinQr.orthonormalColumns(vectors.columns(0, known).beside(others));
    }
}
