package cglora.models.block;

import cglora.models.graph.Tensor;
import java.util.Optional;

/// The body of a model that turns tokens into vectors. Its parameters and linear layers are without
/// those of the pooler.
public interface Encoder extends Body {
    /// Hugging Face's class of this body with a head for sequence classification.
    String classifierClass();

    /// Hugging Face's class of this body with a head for the classification of tokens.
    String tokenClassifierClass();

    /// Token types that its inputs have: with fewer than two every token is of type 0.
    int tokenTypes();

    /// The position ids of padded sequences.
    ///
    /// @param inputIds [batch · width]
    /// @return [batch · width]
    default int[] positions(int[] inputIds, int width) {
        int[] positions = new int[inputIds.length];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = i % width;
        }
        return positions;
    }

    /// Whether a token sees only what is in front of it, so that the last one stands for the
    /// sequence.
    default boolean readsForward() {
        return false;
    }

    /// The body's dense layer over the first token's vector, behind which stands a tanh; empty
    /// for families whose classifier takes the first token's vector as it is.
    Optional<LinearModule> pooler();

    /// The head of the class for sequence classification.
    ClassifierHead classifierHead(int labels);

    /// The head of the class for the classification of tokens.
    default ClassifierHead tokenHead(int labels) {
        return ClassifierHead.of("classifier", hiddenSize(), labels);
    }

    /// Appends the body; gives the last hidden states [batch · width, hidden].
    Tensor build(ModelBuilder builder, BatchInputs inputs);
}
