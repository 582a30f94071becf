package cglora.models.curvature;

import cglora.kernels.engine.LargeArrays;
import cglora.models.linalg.Matrix;

/// Where training in whitened coordinates `y = W x + s (L_s B′)(A′ L_a) x` begins: the roots, and
/// the factors `B′`, `A′` whose product is the damped Newton step's,
/// `s L_s B′ A′ L_a = −η Ŝ^{-p_s} U Σ Vᵀ Â^{-p_a}`, with `‖b′_i‖ = ‖a′_i‖` for every component. The
/// exponents of the roots need not be those of the step.
///
/// @param gradient the step
/// @param input    `L_a`
/// @param output   `L_s`
/// @param factors  `B′` [out, r], `A′` [r, in]
public record WhitenedStart(
        WhitenedGradient gradient, Root input, Root output, WhitenedGradient.Factors factors) {
    /// Rows of a root that are formed in float64 at a time.
    private static final int ROWS = 128;

    /// One root, as training keeps it.
    ///
    /// @param scale  `c` of `c · I − P Pᵀ`
    /// @param values the whole matrix [size, size], or `P` [size, k]
    public record Root(float scale, float[] values) {}

    /// @param gradient the step, whose exponents are `pA` and `pS`
    /// @param roots    of the damped factors with the exponents of the coordinates
    /// @param rank     of the roots; 0 for whole matrices
    /// @param scaling  `s > 0`
    /// @param eta      η
    public static WhitenedStart of(
            WhitenedGradient gradient,
            double pA,
            double pS,
            OperatorRoots roots,
            int rank,
            double scaling,
            double eta) {
        TrainingRoot input = roots.inputRoot(rank);
        TrainingRoot output = roots.outputRoot(rank);
        int in = gradient.svd().V().rows();
        int out = gradient.svd().U().rows();
        return of(
                gradient,
                root(input, in),
                root(output, out),
                output.applyInverse(pS, gradient.svd().U()),
                input.applyInverse(pA, gradient.svd().V()),
                scaling,
                eta);
    }

    /// @param columns `L_s⁻¹ Ŝ^{-p_s} U` [out, r]
    /// @param rows    `L_a⁻¹ Â^{-p_a} V` [in, r]
    public static WhitenedStart of(
            WhitenedGradient gradient,
            Root input,
            Root output,
            Matrix columns,
            Matrix rows,
            double scaling,
            double eta) {
        var whitened = new WhitenedGradient(gradient.svd(), columns, rows, gradient.damping());
        return new WhitenedStart(gradient, input, output, whitened.balanced(scaling, eta));
    }

    private static Root root(TrainingRoot root, int size) {
        float[] values = null;
        for (int first = 0; first < size; first += ROWS) {
            Matrix part = root.rows(first, Math.min(ROWS, size - first));
            if (values == null) {
                values = LargeArrays.floats(size * part.columns());
            }
            for (int i = 0; i < part.values().length; i++) {
                values[first * part.columns() + i] = (float) part.values()[i];
            }
        }
        return new Root(root.scale(), values);
    }
}
