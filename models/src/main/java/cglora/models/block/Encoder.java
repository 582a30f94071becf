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

    /// The position id of the first token.
    default int firstPosition() {
        return 0;
    }

    /// All parameters of the body, but for the pooler's.
    List<ParameterSpec> parameters();

    /// All linear layers of the body, in the order of the forward pass, but for the pooler.
    List<LinearModule> linearModules();

    /// The dense layer over the first token's vector, behind which stands a tanh; empty for
    /// families without one.
    Optional<LinearModule> pooler();

    /// PEFT's default `target_modules` of this family.
    List<String> defaultTargetModules();

    /// Appends the body; gives the last hidden states [batch · width, hidden].
    Tensor build(ModelBuilder builder, BatchInputs inputs);
}
