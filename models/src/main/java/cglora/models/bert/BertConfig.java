package cglora.models.bert;

import cglora.models.block.Activation;
import cglora.models.block.ConfigReader;
import tools.jackson.databind.JsonNode;

/// The sizes of a BERT, as in Hugging Face's `config.json`; those of its descendants, too.
///
/// @param hiddenAct one of [Activation#innerNames]
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

    /// @param where the file, for messages
    /// @throws cglora.kernels.error.CgloraException M-CONFIG or M-SHAPE with everything that is
    ///     wrong
    public static BertConfig read(JsonNode json, String where) {
        var reader = new ConfigReader(json, where);
        BertConfig config = read(json, reader);
        reader.finish();
        return config;
    }

    /// The same for a family that has keys of its own to read.
    static BertConfig read(JsonNode json, ConfigReader reader) {
        reader.requireEncoder();
        reader.activation("hidden_act");
        var config =
                new BertConfig(
                        reader.positive("vocab_size"),
                        reader.positive("hidden_size"),
                        reader.layers("num_hidden_layers"),
                        reader.positive("num_attention_heads"),
                        reader.positive("intermediate_size"),
                        json.path("hidden_act").asString("gelu"),
                        reader.positive("max_position_embeddings", 512),
                        reader.positive("type_vocab_size", 2),
                        reader.positiveReal("layer_norm_eps", 1e-12f));
        reader.requireHeads(
                config.hiddenSize, "hidden_size", config.numAttentionHeads, "num_attention_heads");
        return config;
    }

    /// The function between the two layers of a feed-forward block.
    Activation activation() {
        return Activation.inner(hiddenAct).orElseThrow();
    }

    /// @param size features of an embedding
    Embeddings embeddings(String name, int size) {
        return new Embeddings(
                name, vocabSize, maxPositionEmbeddings, typeVocabSize, size, layerNormEps);
    }
}
