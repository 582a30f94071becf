package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import cglora.kernels.error.CgloraException;
import cglora.models.block.Whitening;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.WhitenedStart;
import cglora.models.curvature.WhiteningArithmetic;
import cglora.models.linalg.Matrix;

/// Training of one layer in whitened coordinates: `y = W x + s (L_s B′)(A′ L_a) x`, where the
/// optimizer sees `B′` and `A′`.
///
/// `L_s = Ŝ^{-q_s} / mean diag(Ŝ^{-q_s})` and `L_a` alike, symmetric and fixed, whole or of some
/// leading eigenvectors ([Whitening]). The start is the product of cg-lora without shift, with
/// components of balanced norm, orthogonal where the exponents are the step's:
/// `B′ = −c U Σ^{1/2}`, `A′ = c Σ^{1/2} Vᵀ`. Gradients map back by the same roots:
/// `∂B′ = L_s ∂B`, `∂A′ = ∂A L_a`.
///
/// @param whitening  with the scales of the roots
/// @param outputRoot what is kept of `L_s`: [out, out], or `P` [out, k]
/// @param inputRoot  what is kept of `L_a`: [in, in], or `P` [in, k]
/// @param factors    `A′` [r, in] and `B′` [out, r]
/// @param spectrum   of the step at the start, `‖s L_s B′ A′ L_a‖_F` being its change
public record WhitenedCoordinates(
        Whitening whitening,
        float[] outputRoot,
        float[] inputRoot,
        LoraFactors factors,
        StepSpectrum spectrum) {
    public WhitenedCoordinates {
        requireNonNull(whitening, "whitening");
        requireNonNull(outputRoot, "outputRoot");
        requireNonNull(inputRoot, "inputRoot");
        requireNonNull(factors, "factors");
        requireNonNull(spectrum, "spectrum");
    }

    /// The coordinates in which `initializer`, without its shift and scale, starts.
    ///
    /// A layer whose gradient is zero comes back with its factors flagged and identity roots.
    ///
    /// @param whitening what the roots are to be
    /// @throws CgloraException N-STATISTICS, N-DAMPING, naming the module
    public static WhitenedCoordinates of(
            CgLoraInitializer initializer,
            Whitening whitening,
            LayerShape shape,
            LayerStatistics statistics,
            long seed) {
        return of(initializer, whitening, shape, statistics, seed, WhiteningArithmetic.HOST);
    }

    /// The same by a given arithmetic.
    ///
    /// @throws CgloraException N-STATISTICS, N-DAMPING, naming the module
    public static WhitenedCoordinates of(
            CgLoraInitializer initializer,
            Whitening whitening,
            LayerShape shape,
            LayerStatistics statistics,
            long seed,
            WhiteningArithmetic arithmetic) {
        CurvatureStatistics curvature = CgLoraInitializer.requireUsable(shape, statistics);
        if (curvature.isZeroGradient()) {
            return ofZeroGradient(shape, whitening);
        }
        var coordinates =
                new WhiteningArithmetic.Coordinates(
                        whitening.pA(),
                        whitening.pS(),
                        whitening.rank(),
                        shape.scaling(),
                        initializer.eta());
        try {
            return arithmetic
                    .start(initializer.step(shape, statistics, seed), coordinates)
                    .map(start -> of(start, whitening, initializer.eta()))
                    .orElseGet(() -> ofZeroGradient(shape, whitening));
        } catch (CgloraException unplaced) {
            throw CgLoraInitializer.placed(unplaced, statistics.module());
        }
    }

    private static WhitenedCoordinates of(WhitenedStart start, Whitening whitening, double eta) {
        return new WhitenedCoordinates(
                whitening.withScales(start.input().scale(), start.output().scale()),
                start.output().values(),
                start.input().values(),
                new LoraFactors(
                        start.factors().A().toFloats(), start.factors().B().toFloats(), Base.KEPT),
                StepSpectrum.of(start.gradient(), eta));
    }

    private static WhitenedCoordinates ofZeroGradient(LayerShape shape, Whitening whitening) {
        return new WhitenedCoordinates(
                whitening.withScales(1, 1),
                identity(whitening, shape.out()),
                identity(whitening, shape.in()),
                LoraFactors.ofZeroGradient(shape, Base.KEPT),
                StepSpectrum.zero(shape.r()));
    }

    private static float[] identity(Whitening whitening, int size) {
        return whitening.rank() == 0
                ? Matrix.identity(size).toFloats()
                : new float[size * whitening.columns(size)];
    }

    /// `B = L_s B′`, `A = A′ L_a`: an ordinary adapter of rank r on the original weight.
    public LoraFactors toLoraFactors(LayerShape shape) {
        return toLoraFactors(whitening, outputRoot, inputRoot, factors, shape);
    }

    /// The same for what training has made of the factors.
    public static LoraFactors toLoraFactors(
            Whitening whitening,
            float[] outputRoot,
            float[] inputRoot,
            LoraFactors factors,
            LayerShape shape) {
        Matrix B =
                apply(
                        whitening,
                        whitening.outputScale(),
                        outputRoot,
                        Matrix.of(shape.out(), shape.r(), factors.loraB()));
        Matrix A =
                apply(
                        whitening,
                        whitening.inputScale(),
                        inputRoot,
                        Matrix.of(shape.r(), shape.in(), factors.loraA()).transpose());
        return new LoraFactors(
                A.transpose().toFloats(), B.toFloats(), factors.base(), factors.zeroGradient());
    }

    /// `L · Y`, `L` symmetric.
    private static Matrix apply(Whitening whitening, float scale, float[] root, Matrix Y) {
        int size = Y.rows();
        Matrix kept = Matrix.of(size, whitening.columns(size), root);
        return whitening.rank() == 0
                ? kept.times(Y)
                : Y.scaled(scale).minus(kept.times(kept.transposeTimes(Y)));
    }
}
