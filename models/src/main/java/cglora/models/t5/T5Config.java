package cglora.models.t5;

import cglora.models.block.ConfigReader;
import tools.jackson.databind.JsonNode;

/// The sizes of a T5, as in Hugging Face's `config.json`.
///
/// @param dKv         values of a head
/// @param gated       whether the feed-forward block is a gated GELU, else a ReLU
/// @param scaled      whether the hidden states are scaled by `d_model^-0.5` before the head
/// @param startToken  the decoder's first token
/// @param endToken    ends an answer
record T5Config(
        int vocabSize,
        int dModel,
        int dKv,
        int dFf,
        int numLayers,
        int numDecoderLayers,
        int numHeads,
        int buckets,
        int maxDistance,
        float layerNormEpsilon,
        boolean gated,
        boolean scaled,
        int startToken,
        int endToken) {
    private static final String RELU = "relu";
    private static final String GATED_GELU = "gated-gelu";

    /// What transformers takes where older files, as T5's own, say nothing.
    private static final int MAX_DISTANCE = 128;

    /// @param where the file, for messages
    /// @throws cglora.kernels.error.CgloraException M-CONFIG with everything that is wrong
    static T5Config read(JsonNode json, String where) {
        var reader = new ConfigReader(json, where);
        String projection = json.path("feed_forward_proj").asString(RELU);
        reader.require(
                projection.equals(RELU) || projection.equals(GATED_GELU),
                "feed_forward_proj '" + projection + "' is not supported",
                "supported: " + RELU + ", " + GATED_GELU);
        reader.require(
                json.path("is_encoder_decoder").asBoolean(true),
                "is_encoder_decoder is false",
                "take a checkpoint with encoder and decoder");
        reader.refuse("is_decoder", "take a checkpoint with encoder and decoder");
        reader.refuse("tie_encoder_decoder", "take a checkpoint whose stacks are apart");
        int layers = reader.layers("num_layers");
        int vocabulary = reader.positive("vocab_size");
        int start = reader.notNegative("decoder_start_token_id");
        int end = reader.notNegative("eos_token_id", 1);
        reader.requireBelow(start, "decoder_start_token_id", vocabulary, "tokens");
        reader.requireBelow(end, "eos_token_id", vocabulary, "tokens");
        boolean tied = json.path("tie_word_embeddings").asBoolean(true);
        int buckets = reader.positive("relative_attention_num_buckets", 32);
        int maxDistance = reader.positive("relative_attention_max_distance", MAX_DISTANCE);
        reader.require(
                buckets >= 4 && buckets % 2 == 0 && maxDistance > buckets / 2,
                "relative_attention_num_buckets is %d, relative_attention_max_distance %d"
                        .formatted(buckets, maxDistance),
                "an even number of at least 4 buckets, and a distance above half of it");
        var config =
                new T5Config(
                        vocabulary,
                        reader.positive("d_model"),
                        reader.positive("d_kv", 64),
                        reader.positive("d_ff"),
                        layers,
                        json.hasNonNull("num_decoder_layers")
                                ? reader.layers("num_decoder_layers")
                                : layers,
                        reader.positive("num_heads"),
                        buckets,
                        maxDistance,
                        reader.positiveReal("layer_norm_epsilon", 1e-6f),
                        projection.equals(GATED_GELU),
                        json.path("scale_decoder_outputs").asBoolean(tied),
                        start,
                        end);
        reader.finish();
        return config;
    }

    /// Columns of the attention's projections.
    int inner() {
        return numHeads * dKv;
    }
}
