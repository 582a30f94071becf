package cglora.models.block;

import tools.jackson.databind.JsonNode;

/// A family of models as the table of families knows it.
///
/// @param modelType Hugging Face's `model_type`, `bert`
/// @param classes   what the names of its classes begin with, `Bert`
/// @param reader    makes its body
public record ModelFamily(String modelType, String classes, Reader reader) {
    /// Makes a body from a configuration.
    public interface Reader {
        /// @param where the `config.json`, for messages
        /// @throws cglora.kernels.error.CgloraException M-CONFIG or M-SHAPE for what is missing,
        ///     and by name for every key that would change the result and is not understood
        Body read(ModelFamily family, JsonNode config, String where);
    }

    /// The body that a configuration describes.
    ///
    /// @throws cglora.kernels.error.CgloraException as [Reader#read]
    public Body read(JsonNode config, String where) {
        return reader.read(this, config, where);
    }

    /// Hugging Face's class of its body with a head that writes a sequence.
    public String generationClass() {
        return classes + "ForConditionalGeneration";
    }

    /// Hugging Face's class of its body with a language model's head.
    public String languageModelClass() {
        return classes + "ForCausalLM";
    }

    /// Hugging Face's class of its body with a head for the classification of tokens.
    public String tokenClassifierClass() {
        return classes + "ForTokenClassification";
    }

    /// Hugging Face's class of its body with a head for sequence classification.
    public String classifierClass() {
        return classes + "ForSequenceClassification";
    }
}
