package cglora.models.llama;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.ConfigReader;
import cglora.models.graph.GatedActivation;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// The sizes of a decoder, as in Hugging Face's `config.json`.
///
/// @param keyValueHeads heads of keys and values, which divides `attentionHeads`
/// @param form          the function of the gate
/// @param queryBias     whether the layers of queries, keys and values have biases
/// @param outputBias    whether the layer behind attention has one
/// @param mlpBias       whether the layers of the feed-forward block have one
/// @param headNorms     whether queries and keys are normalised head by head
/// @param windows       of each layer, how many keys a query sees; 0 for all
/// @param tied          whether the embeddings are the weight of the language model's head
record DecoderConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int attentionHeads,
        int keyValueHeads,
        int headSize,
        int maxPositions,
        float eps,
        GatedActivation.Form form,
        boolean queryBias,
        boolean outputBias,
        boolean mlpBias,
        boolean headNorms,
        List<Integer> windows,
        boolean tied,
        RotaryFrequencies rotary) {
    /// What families differ in beside their sizes.
    enum Kind {
        /// Llama and SmolLM: biases where the configuration asks for them.
        LLAMA(2048, 0),
        /// Mistral: no biases, a window over all layers.
        MISTRAL(1 << 17, 8),
        /// Qwen2 and Qwen2.5: biases of queries, keys and values.
        QWEN2(1 << 15, 32),
        /// Qwen3: norms of queries and keys.
        QWEN3(1 << 15, 32);

        private final int positions;
        private final int keyValueHeads;

        /// @param positions     transformers' default of `max_position_embeddings`
        /// @param keyValueHeads its default of `num_key_value_heads`; 0 for those of the queries
        Kind(int positions, int keyValueHeads) {
            this.positions = positions;
            this.keyValueHeads = keyValueHeads;
        }
    }

    /// transformers' defaults of Mistral's and Qwen's windows, and of the size of Qwen3's heads.
    private static final int WINDOW = 4096;

    private static final int FULL_LAYERS = 28;
    private static final int QWEN3_HEAD = 128;

    /// Settings that other models of this form have and that change the result.
    private static final List<String> REFUSED =
            List.of(
                    "rope_interleaved",
                    "is_encoder_decoder",
                    "add_cross_attention",
                    "attn_logit_softcapping",
                    "final_logit_softcapping",
                    "no_rope_layers",
                    "num_experts",
                    "num_local_experts");

    /// Factors that change the result where they are not 1.
    private static final List<String> FACTORS =
            List.of(
                    "embedding_multiplier",
                    "residual_multiplier",
                    "attention_multiplier",
                    "logits_scaling",
                    "logit_scale",
                    "query_pre_attn_scalar");

    /// @param where the file, for messages
    /// @throws CgloraException M-CONFIG or M-SHAPE with what is wrong
    static DecoderConfig read(Kind kind, JsonNode json, String where) {
        var reader = new ConfigReader(json, where);
        REFUSED.forEach(key -> refuse(json, key, where));
        for (String key : FACTORS) {
            if (json.path(key).asDouble(1) != 1) {
                throw new CgloraException(
                        ErrorCode.M_CONFIG,
                        where,
                        key + " is " + json.path(key) + ", which is not supported",
                        "take a checkpoint without it");
            }
        }
        int hidden = reader.positive("hidden_size");
        int heads = reader.positive("num_attention_heads");
        int keyHeads = keyValueHeads(kind, json, reader, heads);
        int layers = reader.layers("num_hidden_layers");
        int positions = reader.positive("max_position_embeddings", kind.positions);
        int vocabulary = reader.positive("vocab_size");
        int inner = reader.positive("intermediate_size");
        float eps = reader.positiveReal("rms_norm_eps", 1e-6f);
        boolean given = json.hasNonNull("head_dim") || kind == Kind.QWEN3;
        if (!given) {
            reader.requireHeads(hidden, "hidden_size", heads, "num_attention_heads");
        }
        int headSize = given ? reader.positive("head_dim", QWEN3_HEAD) : hidden / heads;
        int window = window(kind, json, reader);
        reader.requireHeads(heads, "num_attention_heads", keyHeads, "num_key_value_heads");
        var form = form(json, where);
        reader.finish();
        RotaryFrequencies rotary = RotaryFrequencies.read(json, headSize, positions, where);
        boolean attentionBias = json.path("attention_bias").asBoolean(false);
        boolean asked = kind == Kind.LLAMA || kind == Kind.QWEN3;
        return new DecoderConfig(
                vocabulary,
                hidden,
                inner,
                heads,
                keyHeads,
                headSize,
                rotary.most(),
                eps,
                form,
                kind == Kind.QWEN2 || asked && attentionBias,
                asked && attentionBias,
                kind == Kind.LLAMA && json.path("mlp_bias").asBoolean(false),
                kind == Kind.QWEN3,
                windows(kind, json, window, layers, where),
                json.path("tie_word_embeddings").asBoolean(false),
                rotary);
    }

    private static void refuse(JsonNode json, String key, String where) {
        JsonNode value = json.path(key);
        boolean off =
                value.isMissingNode() || value.isNull() || value.isBoolean() && !value.asBoolean();
        if (!off) {
            throw new CgloraException(
                    ErrorCode.M_CONFIG,
                    where,
                    key + " is " + value + ", which is not supported",
                    "take a checkpoint without it");
        }
    }

    private static int keyValueHeads(
            Kind kind, JsonNode json, ConfigReader reader, int queryHeads) {
        boolean nothing =
                json.has("num_key_value_heads") && json.path("num_key_value_heads").isNull();
        int otherwise = kind.keyValueHeads == 0 ? queryHeads : kind.keyValueHeads;
        return nothing ? queryHeads : reader.positive("num_key_value_heads", otherwise);
    }

    /// How many keys a query of a layer with a window sees; 0 where no layer has one. A window that
    /// is null is none, one that is missing has transformers' size.
    private static int window(Kind kind, JsonNode json, ConfigReader reader) {
        boolean may =
                switch (kind) {
                    case LLAMA -> false;
                    case MISTRAL -> true;
                    case QWEN2, QWEN3 -> json.path("use_sliding_window").asBoolean(false);
                };
        boolean nothing = json.has("sliding_window") && json.path("sliding_window").isNull();
        return may && !nothing ? reader.positive("sliding_window", WINDOW) : 0;
    }

    private static GatedActivation.Form form(JsonNode json, String where) {
        String name = json.has("hidden_act") ? json.path("hidden_act").asString("") : "silu";
        return switch (name) {
            case "silu", "swish" -> GatedActivation.Form.SILU;
            case "gelu_new", "gelu_pytorch_tanh" -> GatedActivation.Form.GELU_TANH;
            default ->
                    throw new CgloraException(
                            ErrorCode.M_CONFIG,
                            where,
                            "hidden_act '" + name + "' is not supported",
                            "supported: silu, gelu_pytorch_tanh");
        };
    }

    /// The window of each layer, as transformers' configurations of the family decide it.
    private static List<Integer> windows(
            Kind kind, JsonNode json, int window, int layers, String where) {
        boolean everywhere = kind == Kind.MISTRAL && window > 0;
        boolean somewhere = (kind == Kind.QWEN2 || kind == Kind.QWEN3) && window > 0;
        JsonNode types = json.path("layer_types");
        int from = json.path("max_window_layers").asInt(FULL_LAYERS);
        var windows = new ArrayList<Integer>();
        for (int i = 0; i < layers; i++) {
            String type =
                    types.path(i)
                            .asString(
                                    everywhere || somewhere && i >= from
                                            ? "sliding_attention"
                                            : "full_attention");
            boolean slides = type.equals("sliding_attention");
            boolean fits =
                    switch (kind) {
                        case LLAMA -> !slides;
                        case MISTRAL -> slides == everywhere;
                        case QWEN2, QWEN3 -> !slides || somewhere;
                    };
            if (!fits || !slides && !type.equals("full_attention")) {
                throw new CgloraException(
                        ErrorCode.M_CONFIG,
                        where,
                        "layer_types has '%s' for layer %d, which is not supported"
                                .formatted(type, i),
                        "take a checkpoint without it");
            }
            windows.add(slides ? window : 0);
        }
        return windows;
    }
}
