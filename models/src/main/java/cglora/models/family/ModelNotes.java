package cglora.models.family;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.block.CausalDecoder;
import java.util.List;

/// What people should know about the files of a model that was loaded, though it can be used.
public final class ModelNotes {
    /// Tensors that are named one by one.
    private static final int NAMED = 5;

    private static final List<String> DROPOUT =
            List.of(
                    "hidden_dropout_prob",
                    "attention_probs_dropout_prob",
                    "dropout",
                    "attention_dropout",
                    "classifier_dropout",
                    "seq_classif_dropout",
                    "dropout_rate");

    private ModelNotes() {}

    /// @param notes is given the warnings
    public static void tell(PretrainedModel model, Problems notes) {
        List<String> unused = model.unusedTensors();
        if (!unused.isEmpty()) {
            notes.warning(
                    ErrorCode.M_TENSOR,
                    model.description(),
                    "%d tensors that a %s does not have are ignored: %s"
                            .formatted(
                                    unused.size(),
                                    model.body().modelType(),
                                    String.join(", ", unused.stream().limit(NAMED).toList())),
                    "");
        }
        int positions = model.config().path("max_position_embeddings").asInt(0);
        int most = model.body().maxPositions();
        if (model.body() instanceof CausalDecoder && most < positions) {
            notes.warning(
                    ErrorCode.M_CONFIG,
                    model.description(),
                    "sequences of up to %d tokens are taken, not of max_position_embeddings %d: in longer ones"
                                    .formatted(most, positions)
                            + " a token turns (longrope) as the longest of its batch asks for",
                    "");
        }
        if (model.body().isUntied()) {
            notes.warning(
                    ErrorCode.M_TENSOR,
                    model.description(),
                    "tie_word_embeddings is true, but lm_head.weight has other values than the"
                            + " embeddings; they stay apart, as in transformers",
                    "");
        }
    }

    /// What the configuration drops in training, as `KEY VALUE`: none of it is dropped here, only
    /// what an adapter's own `lora_dropout` says.
    public static List<String> dropout(PretrainedModel model) {
        return DROPOUT.stream()
                .filter(key -> model.config().path(key).asDouble(0) > 0)
                .map(key -> key + " " + model.config().path(key))
                .toList();
    }

    /// The same, and what a model that writes is told of writing.
    ///
    /// @param notes is given the warnings
    public static void tellOfWriting(PretrainedModel model, Problems notes) {
        tell(model, notes);
        GenerationConfig generation = GenerationConfig.of(model);
        List<String> ignored = generation.ignored();
        if (!ignored.isEmpty()) {
            notes.warning(
                    ErrorCode.M_CONFIG,
                    model.description(),
                    "how it writes by default is not followed: " + String.join(", ", ignored),
                    "");
        }
        List<String> options = generation.options();
        if (!options.isEmpty()) {
            notes.warning(
                    ErrorCode.M_CONFIG,
                    model.description(),
                    "transformers writes otherwise with it by default than by the likeliest tokens",
                    "for the same: " + String.join(" ", options));
        }
        if (generation.endsByConfigOnly()) {
            notes.warning(
                    ErrorCode.M_CONFIG,
                    model.description(),
                    "%s names no eos_token_id, so that transformers ends no text; here the one of"
                                    .formatted(GenerationConfig.FILE)
                            + " config.json ends them",
                    "");
        }
    }
}
