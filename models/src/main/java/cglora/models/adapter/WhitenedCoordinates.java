package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import cglora.kernels.engine.LargeArrays;
import cglora.kernels.error.CgloraException;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.OperatorRoots;
import cglora.models.curvature.WhitenedGradient;
import cglora.models.linalg.Matrix;

/// Training of one layer in whitened coordinates: `y = W x + s (L_s B′)(A′ L_a) x`, where the
/// optimizer sees `B′` and `A′`.
///
/// `L_s = Ŝ^{-p_s} / mean diag(Ŝ^{-p_s})` and `L_a` alike, symmetric and fixed. The start is
/// the product of cg-lora without shift, with orthogonal components of balanced norm:
/// `B′ = −c U Σ^{1/2}`, `A′ = c Σ^{1/2} Vᵀ`. Gradients map back by the same roots:
/// `∂B′ = L_s ∂B`, `∂A′ = ∂A L_a`.
///
/// @param outputRoot `L_s` [out, out], symmetric
/// @param inputRoot  `L_a` [in, in], symmetric
/// @param factors    `A′` [r, in] and `B′` [out, r]
/// @param spectrum   of the step at the start, `‖s L_s B′ A′ L_a‖_F` being its change
public record WhitenedCoordinates(
        float[] outputRoot, float[] inputRoot, LoraFactors factors, StepSpectrum spectrum) {
    /// Rows of a root that are formed in float64 at a time.
    private static final int ROWS = 128;

    public WhitenedCoordinates {
        requireNonNull(outputRoot, "outputRoot");
        requireNonNull(inputRoot, "inputRoot");
        requireNonNull(factors, "factors");
        requireNonNull(spectrum, "spectrum");
    }

    /// The coordinates in which `initializer`, without its shift and scale, starts.
    ///
    /// A layer whose gradient is zero comes back with its factors flagged and identity roots.
    ///
    /// @throws CgloraException N-STATISTICS, N-DAMPING, naming the module
    public static WhitenedCoordinates of(
            CgLoraInitializer initializer,
            LayerShape shape,
            LayerStatistics statistics,
            long seed) {
        CurvatureStatistics curvature = CgLoraInitializer.requireUsable(shape, statistics);
        if (curvature.isZeroGradient()) {
            return ofZeroGradient(shape);
        }
        WhitenedGradient gradient = initializer.whitenedGradient(shape, statistics, seed);
        if (gradient.isZero()) {
            return ofZeroGradient(shape);
        }
        OperatorRoots roots =
                curvature.roots(initializer.damping(), initializer.pA(), initializer.pS());
        double outputMean = roots.outputMean();
        double inputMean = roots.inputMean();
        // s L_s B′ A′ L_a = −η Ŝ^{-p_s} U Σ Vᵀ Â^{-p_a} leaves B′ A′ = −c² U Σ Vᵀ
        double c = Math.sqrt(initializer.eta() * outputMean * inputMean / shape.scaling());
        double[] root = gradient.svd().singularValues().clone();
        for (int i = 0; i < root.length; i++) {
            root[i] = c * Math.sqrt(root[i]);
        }
        Matrix B = gradient.svd().U().scaledColumns(root).scaled(-1);
        Matrix A = gradient.svd().V().scaledColumns(root).transpose();
        return new WhitenedCoordinates(
                root(roots::outputRows, shape.out(), 1 / outputMean),
                root(roots::inputRows, shape.in(), 1 / inputMean),
                new LoraFactors(A.toFloats(), B.toFloats(), Base.KEPT),
                StepSpectrum.of(gradient, initializer.eta()));
    }

    /// Some rows of a matrix.
    @FunctionalInterface
    private interface Rows {
        Matrix get(int first, int count);
    }

    private static float[] root(Rows rows, int size, double factor) {
        float[] root = LargeArrays.floats(size * size);
        for (int first = 0; first < size; first += ROWS) {
            double[] part = rows.get(first, Math.min(ROWS, size - first)).values();
            for (int i = 0; i < part.length; i++) {
                root[first * size + i] = (float) (factor * part[i]);
            }
        }
        return root;
    }

    private static WhitenedCoordinates ofZeroGradient(LayerShape shape) {
        return new WhitenedCoordinates(
                Matrix.identity(shape.out()).toFloats(),
                Matrix.identity(shape.in()).toFloats(),
                LoraFactors.ofZeroGradient(shape, Base.KEPT),
                StepSpectrum.zero(shape.r()));
    }

    /// `B = L_s B′`, `A = A′ L_a`: an ordinary adapter of rank r on the original weight.
    public LoraFactors toLoraFactors(LayerShape shape) {
        return toLoraFactors(outputRoot, inputRoot, factors, shape);
    }

    /// The same for what training has made of the factors.
    public static LoraFactors toLoraFactors(
            float[] outputRoot, float[] inputRoot, LoraFactors factors, LayerShape shape) {
        Matrix B =
                Matrix.of(shape.out(), shape.out(), outputRoot)
                        .times(Matrix.of(shape.out(), shape.r(), factors.loraB()));
        Matrix A =
                Matrix.of(shape.r(), shape.in(), factors.loraA())
                        .times(Matrix.of(shape.in(), shape.in(), inputRoot));
        return new LoraFactors(A.toFloats(), B.toFloats(), factors.base(), factors.zeroGradient());
    }
}
