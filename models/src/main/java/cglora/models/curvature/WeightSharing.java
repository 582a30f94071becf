package cglora.models.curvature;

/// How the tokens of one example, which share the weight, enter the factors. Source:
/// Eschenhagen, Immer, Turner, Schneider and Hennig, arXiv 2311.00636.
public enum WeightSharing {
    /// Every token an example: `A = XᵀX / N`, `S = ΓᵀΓ / n`.
    EXPAND,
    /// One row an example, `x̄` the mean of its inputs and `ḡ` the sum of its gradients:
    /// `A = X̄ᵀX̄ / n`, `S = ḠᵀḠ / n`. Where `tr S` all but vanishes, as for key projections,
    /// whose gradients sum to zero over the tokens, the other one has to take its place
    /// ([TokenStatistics#effective]).
    REDUCE
}
