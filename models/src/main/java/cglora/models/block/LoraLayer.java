package cglora.models.block;

/// An adapter on one linear layer, as the graph sees it.
///
/// @param module  the layer
/// @param r       rank
/// @param scaling `s` in `W + s · B A`
/// @param dropout probability with which an input of the adapter is dropped in training
/// @param whitening the trained factors are `B′`, `A′` of `B = L_s B′`, `A = A′ L_a`, where what
///     is kept of the constant roots `L_s` and `L_a` are parameters of the names below; null for
///     plain coordinates
public record LoraLayer(
        LinearModule module, int r, float scaling, float dropout, Whitening whitening) {
    /// @param whitened whether there are roots, whole matrices
    public LoraLayer(LinearModule module, int r, float scaling, float dropout, boolean whitened) {
        this(module, r, scaling, dropout, whitened ? Whitening.WHOLE : null);
    }

    public boolean whitened() {
        return whitening != null;
    }

    /// The same layer with other roots.
    public LoraLayer withWhitening(Whitening other) {
        return new LoraLayer(module, r, scaling, dropout, other);
    }

    public String loraA() {
        return module.name() + ".lora_A.weight";
    }

    public String loraB() {
        return module.name() + ".lora_B.weight";
    }

    /// The adapter of another rank and scale on the same layer.
    public LoraLayer withRank(int rank, float scale) {
        return new LoraLayer(module, rank, scale, dropout, whitening);
    }

    /// Name of `L_a`.
    public String inputRoot() {
        return module.name() + ".input_root";
    }

    /// Name of `L_s`.
    public String outputRoot() {
        return module.name() + ".output_root";
    }
}
