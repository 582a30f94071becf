package cglora.models.adapter;

/// What becomes of the pretrained weight under an initial adapter.
public enum Base {
    /// `W` stays; the initial adapter changes the function.
    KEPT,
    /// `W ← W − s B₀ A₀`; the function at the start is the pretrained one.
    SHIFTED
}
