package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A model that was trained on pairs in columns of unusual names is asked with pairs.
class PredictPairsTest {
    @TempDir Path folder;
    private final InputStream input = System.in;
    private Path pairs;
    private String run;

    @BeforeEach
    void runOnce() throws IOException {
        TinyRuns runs = TinyRuns.loraIn(folder);
        pairs = folder.resolve("pairs.tsv");
        Files.writeString(
                pairs,
                "q\ts one\ts two\n"
                        + "1\ta good film\tgood book\n0\ta good film\tbad old book\n".repeat(4));
        Files.writeString(
                folder.resolve("p.json"),
                TinyRuns.LORA.replace(
                        "\"train\": \"train.tsv\"",
                        "\"train\": \"pairs.tsv\", \"columns\": {\"text\": \"s one\", \"text_pair\": \"s"
                                + " two\", \"label\": \"q\"}"));
        runs.run("--set", "train.max_steps=20", "--set", "train.learning_rate=0.05").succeeds();
        run = runs.latest().toString();
    }

    @AfterEach
    void putBack() {
        System.setIn(input);
    }

    private TinyRuns.Outcome predict(String... more) {
        var arguments = new ArrayList<>(List.of("predict", run, "--engine", "jvm"));
        arguments.addAll(List.of(more));
        return TinyRuns.execute(arguments.toArray(String[]::new));
    }

    private List<JsonNode> answers(String... more) {
        return predict(more)
                .succeeds()
                .out()
                .lines()
                .map(line -> JsonMapper.shared().readTree(line))
                .toList();
    }

    /// The same but for the rounding of batches of other sizes.
    private static void assertNear(List<JsonNode> answers, List<JsonNode> expected) {
        assertThat(answers).hasSameSizeAs(expected);
        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).path("text_pair"))
                    .isEqualTo(expected.get(i).path("text_pair"));
            assertThat(answers.get(i).path("logits").path(0).asDouble())
                    .isCloseTo(expected.get(i).path("logits").path(0).asDouble(), within(1e-6));
        }
    }

    @Test
    void theFileThatItWasTrainedOnIsReadAsInTraining() {
        List<JsonNode> all = answers("--data", pairs.toString());
        assertThat(all).hasSize(8);
        assertThat(all.getFirst().path("text_pair").asString()).isEqualTo("good book");
        assertThat(all.get(0).path("logits").path(0).asDouble())
                .isNotCloseTo(all.get(1).path("logits").path(0).asDouble(), within(1e-5));
        assertThat(answers("--data", pairs.toString(), "--column", "s one")).isEqualTo(all);
        assertThat(answers("--data", pairs.toString(), "--pair-column", "s two")).isEqualTo(all);
        String lines =
                "{\"s one\": \"a good film\", \"s two\": \"good book\"}\n"
                        + "{\"text\": \"a good film\", \"text_pair\": \"bad old book\"}\n";
        System.setIn(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
        assertNear(answers("--data", "-"), all.subList(0, 2));
        assertNear(
                answers("--json", "--text", "a good film", "--text-pair", "good book"),
                all.subList(0, 1));
    }

    @Test
    void oneTextIsRefusedUnlessItIsAskedFor() throws IOException {
        Path single = folder.resolve("single.tsv");
        Files.writeString(single, "text\na good film\n");
        System.setIn(new ByteArrayInputStream("a good film\n".getBytes(StandardCharsets.UTF_8)));
        for (String[] one :
                new String[][] {
                    {"--data", single.toString()}, {"--data", "-"}, {"--text", "a good film"}
                }) {
            TinyRuns.Outcome outcome = predict(one);
            assertThat(outcome.status()).isEqualTo(3);
            assertThat(outcome.out()).isEmpty();
            assertThat(outcome.err())
                    .contains("D-TEXT", "trained on pairs", "'s two'", "--no-pair");
        }
        List<JsonNode> alone = answers("--data", single.toString(), "--no-pair");
        assertThat(alone.getFirst().has("text_pair")).isFalse();
        List<JsonNode> cut = answers("--data", pairs.toString(), "--no-pair");
        assertNear(cut.subList(0, 1), alone);
        assertThat(predict("--text", "a", "--text", "b", "--text-pair", "c").status()).isEqualTo(2);
    }

    /// What an adapter says of itself is looked at, too.
    @Test
    void whatIsNoPathOrNumberInAnAdapterIsNamed() throws IOException {
        Path config = Path.of(run).resolve("adapter/adapter_config.json");
        String text = Files.readString(config);
        String base = folder.resolve("model").toString();
        assertThat(text).contains(base);
        Files.writeString(config, text.replace(base, "\\u0000"));
        TinyRuns.Outcome outcome = predict("--text", "a good film", "--no-pair");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("error").doesNotContain("bug of ours");
        Files.writeString(config, text);
        Path weights = config.resolveSibling("adapter_model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        String all = new String(bytes, StandardCharsets.ISO_8859_1);
        for (String[] change :
                new String[][] {
                    {"\"cglora.max_length\":\"12\"", "\"cglora.max_length\":\"-2\""},
                    {"\"cglora.pooling\":\"MEAN\"", "\"cglora.pooling\":\"MEEN\""}
                }) {
            assertThat(all).contains(change[0]);
            Files.write(
                    weights,
                    all.replace(change[0], change[1]).getBytes(StandardCharsets.ISO_8859_1));
            outcome = predict("--text", "a good film", "--no-pair");
            assertThat(outcome.status()).isEqualTo(3);
            assertThat(outcome.err()).contains("A-CONFIG", "write the adapter again");
        }
    }
}
