package cglora.models.block;

import cglora.models.graph.Tensor;
import java.util.List;
import java.util.Optional;

/// The body of a model that turns tokens into vectors. A model family implements this in terms of
/// existing ops; nothing else of it is known outside its package.
public interface Encoder {
    /// Hugging Face's `model_type`.
    String modelType();

    /// Hugging Face's class of this body with a head for sequence classification.
    String classifierClass();

    /// Name of the body in the classes of its tasks, `bert`; its modules' names begin with it.
    String prefix();

    int hiddenSize();

    int vocabularySize();

    /// The longest sequence.
    int maxPositions();

    /// Attention heads of a layer.
    int attentionHeads();

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

    /// Tables that the body computes with and that no checkpoint holds.
    default List<Constant> constants() {
        return List.of();
    }

    /// All parameters of the body, but for the pooler's.
    List<ParameterSpec> parameters();

    /// All linear layers of the body, in the order of the forward pass, but for the pooler.
    List<LinearModule> linearModules();

    /// The body's dense layer over the first token's vector, behind which stands a tanh; empty
    /// for families whose classifier takes the first token's vector as it is.
    Optional<LinearModule> pooler();

    /// The head of the class for sequence classification.
    ClassifierHead classifierHead(int labels);

    /// Modules of other tasks' classes that a checkpoint may bring and that are left aside.
    List<String> otherHeads();

    /// PEFT's default `target_modules` of this family: query and value, also where PEFT has none.
    List<String> defaultTargetModules();

    /// Appends the body; gives the last hidden states [batch · width, hidden].
    Tensor build(ModelBuilder builder, BatchInputs inputs);
}
