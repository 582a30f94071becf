package cglora.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.error.CgloraException;
import cglora.models.block.CausalDecoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelFamily;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class LlamaModelTest {
    private static final String CONFIG =
            """
            {"vocab_size": 31, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 4,
             "num_key_value_heads": 2, "intermediate_size": 20, "hidden_act": "silu",
             "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "head_dim": 6}
            """;

    private static ObjectNode config() {
        return (ObjectNode) JsonMapper.shared().readTree(CONFIG);
    }

    private static ObjectNode with(ObjectNode config, String keys) {
        return config.setAll((ObjectNode) JsonMapper.shared().readTree("{" + keys + "}"));
    }

    private static CausalDecoder read(ModelFamily family, ObjectNode config) {
        return (CausalDecoder) family.read(config, "config.json");
    }

    @Test
    void shapesFollowHeadsAndTheirSize() {
        CausalDecoder model = read(LlamaModel.LLAMA, config());
        assertThat(model.linearModules().subList(0, 4))
                .containsExactly(
                        new LinearModule("model.layers.0.self_attn.q_proj", 16, 24, false),
                        new LinearModule("model.layers.0.self_attn.k_proj", 16, 12, false),
                        new LinearModule("model.layers.0.self_attn.v_proj", 16, 12, false),
                        new LinearModule("model.layers.0.self_attn.o_proj", 24, 16, false));
        assertThat(model.keptSize()).isEqualTo(12);
        assertThat(model.keptLayers()).isEqualTo(3);
        assertThat(model.isTied()).isFalse();
        assertThat(model.languageHead().name()).isEqualTo("lm_head.weight");
        CausalDecoder tied =
                read(LlamaModel.QWEN3, with(config(), "\"tie_word_embeddings\": true"));
        assertThat(tied.languageHead().name()).isEqualTo("model.embed_tokens.weight");
        assertThat(tied.parameters().stream().map(p -> p.name()))
                .contains("model.layers.2.self_attn.k_norm.weight");
    }

    @Test
    void biasesAreWhereTheFamilyOrItsConfigurationHasThem() {
        assertThat(biased(read(LlamaModel.LLAMA, config()))).isEmpty();
        assertThat(biased(read(LlamaModel.QWEN2, config()))).isEqualTo("q_proj k_proj v_proj");
        assertThat(biased(read(LlamaModel.MISTRAL, with(config(), "\"attention_bias\": true"))))
                .isEmpty();
        assertThat(biased(read(LlamaModel.QWEN3, with(config(), "\"attention_bias\": true"))))
                .isEqualTo("q_proj k_proj v_proj o_proj");
        assertThat(biased(read(LlamaModel.LLAMA, with(config(), "\"mlp_bias\": true"))))
                .isEqualTo("gate_proj up_proj down_proj");
    }

    /// The layers of the first block that have a bias.
    private static String biased(CausalDecoder model) {
        return String.join(
                " ",
                model.linearModules().subList(0, 7).stream()
                        .filter(LinearModule::biased)
                        .map(m -> m.name().substring(m.name().lastIndexOf('.') + 1))
                        .toList());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'\"hidden_act\": \"relu\"'        | hidden_act 'relu' is not supported",
                "'\"rms_norm_eps\": null'          | rms_norm_eps",
                "'\"num_key_value_heads\": 3'      | num_attention_heads 4 is not divisible by",
                "'\"rope_interleaved\": true'      | rope_interleaved is true",
                "'\"final_logit_softcapping\": 30' | final_logit_softcapping is 30",
                "'\"logits_scaling\": 8'           | logits_scaling is 8",
                "'\"partial_rotary_factor\": 0.5'  | partial_rotary_factor is 0.5",
                "'\"head_dim\": 5'                 | a head has 5 values",
                "'\"layer_types\": [\"sliding_attention\"]' | layer_types has 'sliding_attention'",
                "'\"rope_scaling\": {\"type\": \"su\", \"factor\": 2}' | rope_type 'su'",
                "'\"sliding_window\": 8, \"layer_types\": [\"sliding_attention\"]' | layer_types has",
                "'\"rope_parameters\": {\"full_attention\": {\"rope_theta\": 5}}' | by kinds of layers: full",
                "'\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1]}' | short_factor",
                "'\"rope_scaling\": {\"type\": \"linear\"}'           | of the rotary embeddings is",
                "'\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8}' | low_freq_factor"
            })
    void whatWouldChangeTheResultAndIsNotUnderstoodIsRefusedByName(String keys, String essence) {
        var error =
                catchThrowableOfType(
                        CgloraException.class, () -> read(LlamaModel.LLAMA, with(config(), keys)));
        assertThat(error).hasMessageContaining(essence);
        assertThat(error.exitStatus()).isEqualTo(3);
    }

    @Test
    void windowsAreThoseOfTheFamily() {
        String windowed = "\"sliding_window\": 8, \"use_sliding_window\": true";
        assertThat(windows(DecoderConfig.Kind.MISTRAL, "\"sliding_window\": 8"))
                .isEqualTo("[8, 8, 8]");
        assertThat(windows(DecoderConfig.Kind.MISTRAL, "\"sliding_window\": null"))
                .isEqualTo("[0, 0, 0]");
        assertThat(windows(DecoderConfig.Kind.MISTRAL, "\"vocab_size\": 31"))
                .isEqualTo("[4096, 4096, 4096]");
        String many = "\"use_sliding_window\": true, \"num_hidden_layers\": 30";
        assertThat(windows(DecoderConfig.Kind.QWEN2, many))
                .endsWith(" 0, 0, 4096, 4096]")
                .hasSameSizeAs("[" + "0, ".repeat(28) + "4096, 4096]");
        assertThat(windows(DecoderConfig.Kind.QWEN3, many + ", \"sliding_window\": null"))
                .isEqualTo("[" + "0, ".repeat(29) + "0]");
        assertThat(windows(DecoderConfig.Kind.QWEN2, "\"sliding_window\": 8"))
                .isEqualTo("[0, 0, 0]");
        assertThat(windows(DecoderConfig.Kind.QWEN2, windowed + ", \"max_window_layers\": 2"))
                .isEqualTo("[0, 0, 8]");
        assertThat(
                        windows(
                                DecoderConfig.Kind.QWEN3,
                                windowed
                                        + ", \"layer_types\": [\"sliding_attention\","
                                        + " \"full_attention\", \"sliding_attention\"]"))
                .isEqualTo("[8, 0, 8]");
    }

    /// What a configuration does not say is what transformers' class of the family says.
    @Test
    void missingKeysHaveTheFamilysDefaults() {
        var small = config();
        small.remove(
                java.util.List.of(
                        "num_key_value_heads",
                        "hidden_act",
                        "max_position_embeddings",
                        "rms_norm_eps",
                        "head_dim"));
        var llama = DecoderConfig.read(DecoderConfig.Kind.LLAMA, small, "config.json");
        assertThat(llama.keyValueHeads()).isEqualTo(4);
        assertThat(llama.headSize()).isEqualTo(4);
        assertThat(llama.maxPositions()).isEqualTo(2048);
        assertThat(llama.eps()).isEqualTo(1e-6f);
        small.put("num_attention_heads", 32).put("hidden_size", 64);
        var qwen3 = DecoderConfig.read(DecoderConfig.Kind.QWEN3, small, "config.json");
        assertThat(qwen3.headSize()).isEqualTo(128);
        assertThat(qwen3.keyValueHeads()).isEqualTo(32);
        assertThat(qwen3.maxPositions()).isEqualTo(32768);
        var mistral = DecoderConfig.read(DecoderConfig.Kind.MISTRAL, small, "config.json");
        assertThat(mistral.keyValueHeads()).isEqualTo(8);
        assertThat(mistral.headSize()).isEqualTo(2);
        assertThat(mistral.maxPositions()).isEqualTo(131072);
        small.putNull("num_key_value_heads");
        assertThat(
                        DecoderConfig.read(DecoderConfig.Kind.MISTRAL, small, "config.json")
                                .keyValueHeads())
                .isEqualTo(32);
    }

    private static String windows(DecoderConfig.Kind kind, String keys) {
        return DecoderConfig.read(kind, with(config(), keys), "config.json").windows().toString();
    }

    /// The published form and the newer one say the same; `dynamic` is the default as long as
    /// sequences are not longer than the positions.
    @Test
    void frequenciesComeFromEitherForm() {
        double[] plain = frequencies("\"rope_theta\": 500.0").inverse();
        assertThat(plain[1]).isCloseTo(Math.pow(500, -1.0 / 3), within(1e-15));
        assertThat(frequencies("\"rope_parameters\": {\"rope_theta\": 500.0}").inverse())
                .containsExactly(plain);
        assertThat(
                        frequencies(
                                        "\"rope_theta\": 500.0, \"rope_scaling\":"
                                                + " {\"type\": \"dynamic\", \"factor\": 4}")
                                .inverse())
                .containsExactly(plain);
        double[] linear =
                frequencies(
                                "\"rope_theta\": 500.0, \"rope_scaling\":"
                                        + " {\"type\": \"linear\", \"factor\": 4}")
                        .inverse();
        assertThat(linear[2]).isEqualTo(plain[2] / 4);
    }

    private static RotaryFrequencies frequencies(String keys) {
        return RotaryFrequencies.read(with(config(), keys), 6, 64, "config.json");
    }
}
