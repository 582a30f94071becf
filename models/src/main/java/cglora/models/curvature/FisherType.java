package cglora.models.curvature;

/// Whose gradients make the output factor `S`. For a softmax behind the layer, `S` should be the
/// mean of `Jᵀ (diag(p) − ppᵀ) J`, the generalised Gauss–Newton matrix, which is the Fisher matrix
/// there (Martens, arXiv 1412.1193; Kunstner, Balles and Hennig, arXiv 1905.12558).
public enum FisherType {
    /// The gradients of the data's own labels: no further pass, and no curvature of the model
    /// where its answers are far from them.
    EMPIRICAL,
    /// The gradients of labels drawn from the model's predictions, one draw an example: right in
    /// the mean.
    MC,
    /// All columns of a square root of `diag(p) − ppᵀ`: no noise of labels.
    EXACT
}
