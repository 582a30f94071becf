package cglora.models.block;

import cglora.models.graph.Tensor;
import java.util.List;

/// A body whose tokens see only what is in front of them, with a head over the vocabulary that says
/// which token comes next.
public interface CausalDecoder extends Encoder {
    @Override
    default boolean readsForward() {
        return true;
    }

    /// Hugging Face's class of this body with its language model's head.
    String languageModelClass();

    /// The head's weight [vocabulary, hidden], which is never trained: the embeddings themselves
    /// where both are tied, else a parameter of its own.
    ParameterSpec languageHead();

    /// Whether the head's weight is the embeddings'.
    boolean isTied();

    /// The same with a head of its own. A checkpoint in which both are tied gives it the values of
    /// the embeddings.
    CausalDecoder untied();

    /// Layers that keep keys and values.
    int keptLayers();

    /// Values of a token's keys in one layer, and as many of its values.
    int keptSize();

    /// Appends the body over tokens that go on where others ended, and keeps their keys and values
    /// for those to come; gives the last hidden states [batch · width, hidden].
    ///
    /// @param goesOn false where nothing was kept before: what is kept is not looked at then
    Tensor goOn(ModelBuilder builder, Kept kept, BatchInputs inputs, boolean goesOn);

    /// Keys and values of all layers.
    ///
    /// @param starts [batch], int: how many tokens of each sequence are kept before
    /// @param keys   one a layer, [batch · positions, keptSize]; `values` likewise
    record Kept(Tensor starts, List<Tensor> keys, List<Tensor> values) {}
}
