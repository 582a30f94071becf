package cglora.models.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What of a `tokenizer_config.json` is refused, and what leaves a tokenizer alone; what is
/// followed, LoadingVariantsTest compares with transformers.
class TokenizerConfigTest {
    private static final String WORDS =
            """
            {"added_tokens": [], "normalizer": {"type": "Lowercase"}, "pre_tokenizer": null,
             "model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "good": 1}}}
            """;

    private static boolean change(String keys) {
        var config = new TokenizerConfig(JsonMapper.shared().readTree(keys), "bert", "there");
        return config.change((ObjectNode) JsonMapper.shared().readTree(WORDS));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'{\"split_special_tokens\": true}'         | split_special_tokens is true",
                "'{\"do_lower_case\": false}'               | do_lower_case is false",
                "'{\"tokenizer_class\": \"RobertaTokenizer\", \"add_prefix_space\": true}'"
                        + " | add_prefix_space is true",
                "'{\"tokenizer_class\": \"Qwen2Tokenizer\", \"add_prefix_space\": true}'"
                        + " | add_prefix_space is true",
                "'{\"tokenizer_class\": \"XLMRobertaTokenizerFast\", \"add_prefix_space\": false}'"
                        + " | add_prefix_space is false"
            })
    void aKeyThatContradictsTheFileIsRefusedByName(String keys, String essence) {
        var error = catchThrowableOfType(CgloraException.class, () -> change(keys));
        assertThat(error).hasMessageContaining("T-FORMAT").hasMessageContaining(essence);
    }

    @Test
    void aFileThatSaysNothingElseLeavesTheTokenizerAlone() {
        assertThat(change("{}")).isFalse();
        assertThat(change("{\"tokenizer_class\": \"BertTokenizer\"}")).isFalse();
        assertThat(change("{\"mask_token\": \"[MASK]\"}")).isTrue();
    }

    @Test
    void aBrokenFileIsNamed(@TempDir Path folder) throws java.io.IOException {
        Path file = folder.resolve("tokenizer_config.json");
        Files.writeString(file, "{");
        assertThat(
                        catchThrowableOfType(
                                CgloraException.class,
                                () -> TokenizerConfig.beside(folder.resolve("tokenizer.json"))))
                .hasMessageContaining("tokenizer_config.json")
                .hasMessageContaining("not JSON");
    }
}
