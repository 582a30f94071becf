package cglora.models.bert;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/// The sizes of a BERT, as in Hugging Face's `config.json`.
///
/// @param hiddenAct `gelu` or one of the names of its tanh form
public record BertConfig(
        int vocabSize,
        int hiddenSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int intermediateSize,
        String hiddenAct,
        int maxPositionEmbeddings,
        int typeVocabSize,
        float layerNormEps) {

    /// Reads `config.json`. Keys that decide about shapes or results are never defaulted, and
    /// settings that would change the result but are not understood are refused by name.
    ///
    /// @param where the file, for messages
    /// @throws cglora.kernels.error.CgloraException M-CONFIG with everything that is wrong
    public static BertConfig read(JsonNode json, String where) {
        var problems = new Problems();
        var reader = new Reader(json, where, problems);
        String act = json.path("hidden_act").asString("");
        if (act.isEmpty()) {
            problems.error(ErrorCode.M_CONFIG, where, "'hidden_act' is missing", Reader.ITS_CONFIG);
        } else if (!act.equals("gelu") && !isTanhGelu(act)) {
            problems.error(
                    ErrorCode.M_CONFIG,
                    where,
                    "hidden_act '" + act + "' is not supported",
                    "supported: gelu, gelu_new, gelu_pytorch_tanh");
        }
        String positions = json.path("position_embedding_type").asString("absolute");
        if (!positions.equals("absolute")) {
            problems.error(
                    ErrorCode.M_CONFIG,
                    where,
                    "position_embedding_type '" + positions + "' is not supported",
                    "only absolute positions are");
        }
        if (json.path("is_decoder").asBoolean(false)) {
            problems.error(
                    ErrorCode.M_CONFIG, where, "is_decoder is true", "take an encoder checkpoint");
        }
        var config =
                new BertConfig(
                        reader.positive("vocab_size"),
                        reader.positive("hidden_size"),
                        reader.positive("num_hidden_layers"),
                        reader.positive("num_attention_heads"),
                        reader.positive("intermediate_size"),
                        act,
                        reader.positive("max_position_embeddings"),
                        reader.positive("type_vocab_size"),
                        reader.positiveReal("layer_norm_eps"));
        if (!problems.hasErrors() && config.hiddenSize % config.numAttentionHeads != 0) {
            problems.error(
                    ErrorCode.M_SHAPE,
                    where,
                    "hidden_size %d is not divisible by num_attention_heads %d"
                            .formatted(config.hiddenSize, config.numAttentionHeads),
                    "correct config.json");
        }
        problems.throwIfAny();
        return config;
    }

    boolean exactGelu() {
        return !isTanhGelu(hiddenAct);
    }

    private static boolean isTanhGelu(String act) {
        return act.equals("gelu_new") || act.equals("gelu_pytorch_tanh");
    }

    private record Reader(JsonNode json, String where, Problems problems) {
        static final String ITS_CONFIG = "take the config.json that belongs to these weights";

        float positiveReal(String key) {
            JsonNode value = json.get(key);
            float number = value != null && value.isNumber() ? value.floatValue() : 0;
            if (!(number > 0) || number == Float.POSITIVE_INFINITY) {
                problems.error(
                        ErrorCode.M_CONFIG,
                        where,
                        value == null
                                ? "'" + key + "' is missing"
                                : "'" + key + "' is " + value + ", expected a positive number",
                        ITS_CONFIG);
                return 1;
            }
            return number;
        }

        int positive(String key) {
            JsonNode value = json.get(key);
            OptionalInt number =
                    value != null && value.isInt()
                            ? OptionalInt.of(value.intValue())
                            : OptionalInt.empty();
            if (number.isEmpty() || number.getAsInt() <= 0) {
                problems.error(
                        ErrorCode.M_CONFIG,
                        where,
                        value == null
                                ? "'" + key + "' is missing"
                                : "'" + key + "' is " + value + ", expected a positive integer",
                        ITS_CONFIG);
                return 1;
            }
            return number.getAsInt();
        }
    }
}
