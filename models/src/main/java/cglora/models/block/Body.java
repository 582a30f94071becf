package cglora.models.block;

import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;

/// The part of a model that an adapter is put on, in terms of existing ops; what its graph is, each
/// kind of body says. Nothing else of a family is known outside its package.
public interface Body {
    /// Hugging Face's `model_type`.
    String modelType();

    /// Name of the body in the classes of its tasks, `bert`; its modules' names begin with it.
    /// Empty where they have no common beginning.
    String prefix();

    int hiddenSize();

    int vocabularySize();

    /// The longest sequence.
    int maxPositions();

    /// The token that fills up sequences where the configuration names none.
    default int defaultPadding() {
        return 0;
    }

    /// Attention heads of a layer.
    int attentionHeads();

    /// All parameters of the body.
    List<ParameterSpec> parameters();

    /// Tables that the body computes with and that no checkpoint holds.
    default List<Constant> constants() {
        return List.of();
    }

    /// All linear layers of the body that an adapter may be on, in the order of the forward pass.
    List<LinearModule> linearModules();

    /// Modules of other tasks' classes that a checkpoint may bring and that are left aside.
    List<String> otherHeads();

    /// PEFT's default `target_modules` of this family: query and value, also where PEFT has none.
    List<String> defaultTargetModules();

    /// Other names that checkpoints give a parameter.
    default List<String> otherNames(String parameter) {
        return List.of();
    }

    /// The same body as these tensors have it, where the configuration leaves something open.
    ///
    /// @param tensors names of the checkpoint's tensors
    /// @param equal   whether two of them hold the same values
    default Body of(Set<String> tensors, BiPredicate<String, String> equal) {
        return this;
    }

    /// Whether the configuration ties the head to the embeddings and the checkpoint has other
    /// values for it: they stay apart then, as in transformers.
    default boolean isUntied() {
        return false;
    }
}
