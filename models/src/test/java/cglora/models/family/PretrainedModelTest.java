package cglora.models.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.models.block.ParameterSpec;
import cglora.models.training.TinyBert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PretrainedModelTest {
    @TempDir Path folder;

    @Test
    void readsNamesWithAndWithoutPrefixAndTheOldOnesOfNorms() throws IOException {
        Path with = TinyBert.write(folder.resolve("with"), true);
        Path without = TinyBert.write(folder.resolve("without"), false);
        try (var a = PretrainedModel.load(with.toString(), Map.of());
                var b = PretrainedModel.load(without.toString(), Map.of())) {
            assertThat(a.hasPooler()).isFalse();
            for (ParameterSpec spec : a.encoder().parameters()) {
                assertThat(a.weights().read(a.tensorOf(spec)))
                        .containsExactly(b.weights().read(b.tensorOf(spec)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"hidden_size\": 12, | | M-CONFIG | 'hidden_size' is missing",
                "\"hidden_size\": 12 | \"hidden_size\": 24 | M-SHAPE | config.json asks for [31, 24]",
                "\"num_attention_heads\": 3 | \"num_attention_heads\": 5 | M-SHAPE | divisible",
                "\"model_type\": \"bert\" | \"model_type\": \"xlnet\" | M-FAMILY | supported: bert",
                "\"hidden_act\": \"gelu\" | \"hidden_act\": \"swish\" | M-CONFIG | swish",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": 3 | M-TENSOR | 16 tensors are missing",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": 2000000000 | M-CONFIG | at most 4096",
                "\"vocab_size\": 31 | \"vocab_size\": \"31\" | M-CONFIG | positive integer",
                "\"pad_token_id\": 0 | \"quantization_config\": {} | M-DTYPE | quantised",
                "{\"model_type\" | {{ | M-CONFIG | not JSON"
            })
    void aWrongConfigIsNamedByItsKey(String from, String to, String code, String essence)
            throws IOException {
        TinyBert.write(folder, true);
        String changed = TinyBert.CONFIG.replace(from.strip(), to == null ? "" : to.strip());
        assertThat(changed).isNotEqualTo(TinyBert.CONFIG);
        Files.writeString(folder.resolve("config.json"), changed);
        assertThat(message(folder)).contains(code.strip(), essence.strip());
    }

    @Test
    void foldersThatAreNoModelSayWhatTheyAre() throws IOException {
        assertThat(message(folder.resolve("bert-base-uncased")))
                .contains("M-PATH", "nothing is downloaded");
        assertThat(message(folder)).contains("M-CONFIG", "no config.json");
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        assertThat(message(folder)).contains("M-ADAPTER", "PEFT adapter");
        Files.writeString(folder.resolve("config.json"), TinyBert.CONFIG);
        Files.writeString(folder.resolve("pytorch_model.bin"), "x");
        assertThat(message(folder)).contains("M-WEIGHTS", "pytorch_model.bin", "never read");
    }

    private static String message(Path path) {
        var error =
                catchThrowableOfType(
                        CgloraException.class,
                        () -> PretrainedModel.load(path.toString(), Map.of()).close());
        assertThat(error.exitStatus()).isEqualTo(3);
        return error.getMessage();
    }
}
