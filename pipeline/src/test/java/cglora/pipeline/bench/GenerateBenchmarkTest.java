package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.program.DataType;
import cglora.pipeline.device.EngineChoice;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerateBenchmarkTest {
    private static final Map<String, Object> SHAPE =
            Map.ofEntries(
                    Map.entry("model_type", "llama"),
                    Map.entry("hidden_act", "silu"),
                    Map.entry("vocab_size", 98),
                    Map.entry("hidden_size", 24),
                    Map.entry("intermediate_size", 40),
                    Map.entry("num_hidden_layers", 2),
                    Map.entry("num_attention_heads", 3),
                    Map.entry("num_key_value_heads", 1),
                    Map.entry("max_position_embeddings", 80),
                    Map.entry("tie_word_embeddings", true),
                    Map.entry("rms_norm_eps", 1e-5));

    @ParameterizedTest
    @CsvSource({"FLOAT32, float32, thinNT", "BFLOAT16, bfloat16, bfloat16ThinNT"})
    void measuresWhatAModelWrites(DataType dtype, String name, String kernel) {
        var out = new ByteArrayOutputStream();
        var benchmark =
                new GenerateBenchmark(
                        new EngineChoice.Jvm(2, ""),
                        new GenerateModel(null, SHAPE, "tiny", dtype),
                        2,
                        new PrintStream(out, true, StandardCharsets.UTF_8));
        List<Result> results = benchmark.run();
        String test = "tiny " + name + ", 16 + 64 tokens";
        assertThat(results)
                .extracting(Result::test)
                .containsExactly(
                        test,
                        test + " processors' time",
                        test + " prompt",
                        test + " resident peak");
        assertThat(results.getFirst().unit()).isEqualTo(Unit.TOKENS_PER_SECOND);
        assertThat(results.getFirst().samples()).hasSize(2).allMatch(rate -> rate > 0);
        assertThat(benchmark.note()).matches(test.replace("+", "\\+") + ":( \\d{1,2}){64}");
        assertThat(out.toString(StandardCharsets.UTF_8))
                .containsPattern("written +[0-9.]+ tokens/s")
                .containsPattern(kernel + " +[0-9.]+ %");
    }
}
