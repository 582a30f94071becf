package cglora.models.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.models.block.Encoder;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Configurations of all families: what is read, and what is refused by name.
class ModelFamiliesTest {
    private static final String LIKE_BERT =
            """
            {"model_type": "%s", "architectures": ["%s"], "vocab_size": 31, "hidden_size": 12,
             "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20,
             "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2,
             "layer_norm_eps": 1e-12, "embedding_size": 8, "pad_token_id": 1}
            """;
    private static final Map<String, String> CONFIGS =
            Map.of(
                    "bert", LIKE_BERT.formatted("bert", "BertForMaskedLM"),
                    "roberta", LIKE_BERT.formatted("roberta", "RobertaForMaskedLM"),
                    "xlm-roberta", LIKE_BERT.formatted("xlm-roberta", "XLMRobertaModel"),
                    "electra", LIKE_BERT.formatted("electra", "ElectraForPreTraining"),
                    "distilbert",
                            """
                            {"model_type": "distilbert", "architectures": ["DistilBertModel"],
                             "vocab_size": 31, "dim": 12, "n_layers": 2, "n_heads": 3,
                             "hidden_dim": 20, "activation": "gelu", "pad_token_id": 0,
                             "max_position_embeddings": 16, "sinusoidal_pos_embds": false}
                            """);

    private static ObjectNode config(String family) {
        return (ObjectNode) JsonMapper.shared().readTree(CONFIGS.get(family));
    }

    private static Encoder read(ObjectNode config) {
        return (Encoder) ModelFamilies.body(config, "config.json");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bert        | 16 | 2 | bert.encoder.layer.0.attention.self.query     | classifier",
                "roberta     | 14 | 1 | roberta.encoder.layer.0.attention.self.query  | classifier",
                "xlm-roberta | 14 | 1 | roberta.encoder.layer.0.attention.self.query  | classifier",
                "electra     | 16 | 2 | electra.embeddings_project                    | classifier",
                "distilbert  | 16 | 0 | distilbert.transformer.layer.0.attention.q_lin"
                        + " | classifier, pre_classifier"
            })
    void aFamilyIsWhatItsConfigurationSays(
            String family, int positions, int types, String first, String saved) {
        Encoder encoder = read(config(family));
        assertThat(encoder.modelType()).isEqualTo(family);
        assertThat(encoder.maxPositions()).isEqualTo(positions);
        assertThat(encoder.tokenTypes()).isEqualTo(types);
        assertThat(encoder.attentionHeads()).isEqualTo(3);
        assertThat(encoder.linearModules().getFirst().name()).isEqualTo(first);
        assertThat(String.join(", ", encoder.classifierHead(2).saved())).isEqualTo(saved);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bert       | model_type              | \"gpt2\"     | model_type 'gpt2'",
                "bert       | model_type              | null         | no model_type",
                "bert       | architectures           | [\"RobertaModel\"] | RobertaModel",
                "bert       | architectures           | [\"BertLMHeadModel\"] | BertLMHeadModel",
                "roberta    | architectures           | [\"XLMRobertaModel\"] | XLMRobertaModel",
                "bert       | hidden_act              | \"swish\"    | hidden_act 'swish'",
                "bert       | position_embedding_type | \"relative_key\" | relative_key' is not supported",
                "roberta    | is_decoder              | true         | is_decoder is true",
                "xlm-roberta | add_cross_attention    | true         | add_cross_attention is true",
                "electra    | pruned_heads            | {\"0\": [1]} | pruned_heads is {\"0\":[1]}",
                "electra    | embedding_size          | 0            | embedding_size' is 0",
                "roberta    | pad_token_id            | -1           | pad_token_id' is -1",
                "roberta    | pad_token_id            | 15           | pad_token_id + 1 is 16",
                "roberta    | type_vocab_size         | 0            | type_vocab_size' is 0",
                "distilbert | sinusoidal_pos_embds    | true         | sinusoidal_pos_embds is true",
                "distilbert | activation              | \"tanh\"     | activation 'tanh'",
                "distilbert | dim                     | null         | dim' is missing",
                "distilbert | n_heads                 | 5            | dim 12 is not divisible"
            })
    void whatWouldChangeTheResultAndIsNotUnderstoodIsRefusedByName(
            String family, String key, String value, String essence) {
        ObjectNode config = config(family);
        config.set(key, JsonMapper.shared().readTree(value));
        if (value.equals("null")) {
            config.remove(key);
        }
        var error = catchThrowableOfType(CgloraException.class, () -> read(config));
        assertThat(error).hasMessageContaining(essence);
        assertThat(error.exitStatus()).isEqualTo(3);
    }

    @Test
    void whatIsSupportedIsListed() {
        ObjectNode config = config("bert");
        config.put("model_type", "gpt2");
        assertThat(catchThrowableOfType(CgloraException.class, () -> read(config)))
                .hasMessageContaining(
                        "bert, distilbert, electra, llama, mistral, qwen2, qwen3, roberta")
                .hasMessageContaining("xlm-roberta");
        ObjectNode swish = config("bert");
        swish.put("hidden_act", "swish");
        assertThat(catchThrowableOfType(CgloraException.class, () -> read(swish)))
                .hasMessageContaining("supported: gelu, gelu_new, gelu_pytorch_tanh, relu");
    }

    @Test
    void positionsOfRobertaCountTokensThatAreNotPadding() {
        int[] ids = {0, 5, 1, 6, 2, 1, 0, 2, 1, 1};
        assertThat(read(config("roberta")).positions(ids, 5))
                .containsExactly(2, 3, 1, 4, 5, 1, 2, 3, 1, 1);
        assertThat(read(config("bert")).positions(ids, 5))
                .containsExactly(0, 1, 2, 3, 4, 0, 1, 2, 3, 4);
    }
}
