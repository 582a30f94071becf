package cglora.models.curvature;

import cglora.models.linalg.Matrix;

/// What calibration learnt about one linear layer `y = W x`, `W` [out, in]: its gradient `G`
/// [out, in] and the Kronecker factors `A` [in, in] and `S` [out, out] of its curvature
/// (K-FAC: Martens and Grosse, arXiv 1503.05671), formed or implied by kept tokens. The
/// second-order matrix [out · in, out · in] exists in neither form.
///
/// `G` is the gradient of the mean loss; `S` is made of the gradients of each example's own
/// loss, without the 1/n of that mean. Forgetting it makes the step n times too long.
public sealed interface CurvatureStatistics
        permits FactoredKfac, TokenGram, SketchedKfac, ThinKfac {
    int in();

    int out();

    double traceA();

    double traceS();

    /// Whether every entry of the gradient is zero: nothing behind the layer depends on it, or
    /// the head is zero.
    boolean isZeroGradient();

    /// Whether no statistic is infinite or NaN.
    boolean isFinite();

    /// `Â^{-p_a}` and `Ŝ^{-p_s}`. The eigendecompositions are made once and serve every damping
    /// and exponent.
    ///
    /// @param pA 0 … ½
    /// @param pS 0 … ½
    /// @throws cglora.kernels.error.CgloraException N-DAMPING when a factor that is raised to a
    ///     negative power is singular to rounding; O-RANGE for an exponent outside its range
    OperatorRoots roots(Damping damping, double pA, double pS);

    /// The first `rank` singular triplets of `M = Ŝ^{-p_s} G Â^{-p_a}` and their way back.
    ///
    /// @param rank 1 … min(in, out)
    /// @param seed of the random sketch; small layers are decomposed exactly and use none
    /// @throws cglora.kernels.error.CgloraException as [#roots]
    WhitenedGradient whitenedGradientSvd(
            Damping damping, double pA, double pS, int rank, long seed);

    /// `M` itself, formed, [out, in]: for checks and reports.
    Matrix whitenedGradient(Damping damping, double pA, double pS);
}
