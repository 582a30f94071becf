package cglora.models.adapter;

import java.util.Set;

/// A statistic that an initializer asks of calibration, per layer.
public enum Need {
    /// The pretrained weight `W` [out, in].
    WEIGHT,
    /// The gradient `G` [out, in].
    GRADIENT,
    /// The input factor `A` [in, in].
    INPUT_FACTOR,
    /// The output factor `S` [out, out].
    OUTPUT_FACTOR,
    /// Inputs and output gradients of the sample's tokens, `X` [N, in] and `Γ` [N, out].
    TOKENS;

    /// What the factored curvature is made of.
    public static final Set<Need> FACTORS = Set.of(GRADIENT, INPUT_FACTOR, OUTPUT_FACTOR);
}
