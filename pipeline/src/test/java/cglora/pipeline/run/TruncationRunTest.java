package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Pairs that are too long, cut as the data stage says, in training and later.
class TruncationRunTest {
    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.loraIn(folder);
        var rows = new StringBuilder("text\ttext_pair\tlabel\n");
        for (int i = 0; i < 12; i++) {
            rows.append("a good film\tthe very old new book\tyes\n");
            rows.append("a bad film\tthe book\tno\n");
        }
        Files.writeString(folder.resolve("train.tsv"), rows);
    }

    private TinyRuns.Outcome run(String... more) {
        var settings = new ArrayList<>(List.of("--set", "data.max_length=9"));
        for (String setting : more) {
            settings.add("--set");
            settings.add(setting);
        }
        return runs.run(settings.toArray(String[]::new));
    }

    private byte[] adapter() throws IOException {
        return Files.readAllBytes(runs.latest().resolve("adapter/adapter_model.safetensors"));
    }

    private List<JsonNode> answers(Path place, String... lines) throws IOException {
        Path file = Files.writeString(folder.resolve("new.jsonl"), String.join("\n", lines));
        return TinyRuns.done("predict", place, "--engine", "jvm", "--data", file)
                .out()
                .lines()
                .map(line -> JsonMapper.shared().readTree(line).path("logits"))
                .toList();
    }

    /// Rows of a batch may differ in the order of their sums.
    private static double distance(JsonNode some, JsonNode others) {
        return Math.abs(some.get(0).asDouble() - others.get(0).asDouble());
    }

    private static String pair(String first, String second) {
        return "{\"text\": \"%s\", \"text_pair\": \"%s\"}".formatted(first, second);
    }

    /// The second text has five words, three of which fit.
    @Test
    void predictionsCutAsTrainingDid() throws IOException {
        TinyRuns.Outcome outcome =
                run("data.truncation=only_second", "data.truncation_side=left").succeeds();
        assertThat(outcome.err())
                .contains(
                        "12 of 24 rows (50.0%) exceed 9 tokens; 11 would hold all; they are cut at"
                                + " the beginning of their second text: 10.5% of all tokens go");
        List<JsonNode> same =
                answers(
                        runs.latest(),
                        pair("a good film", "the very old new book"),
                        pair("a good film", "old new book"),
                        pair("a good film", "the very old"));
        assertThat(distance(same.get(0), same.get(1))).isLessThan(1e-6);
        assertThat(distance(same.get(0), same.get(2))).isGreaterThan(1e-5);
        byte[] adapter = adapter();
        run(
                        "data.truncation=only_second",
                        "data.truncation_side=left",
                        "data.cache.above=0",
                        "data.cache.folder=" + folder.resolve("cache"))
                .succeeds();
        assertThat(adapter()).isEqualTo(adapter);
        Path merged = folder.resolve("merged");
        TinyRuns.done("merge", runs.latest(), "-o", merged);
        List<JsonNode> ofModel =
                answers(
                        merged,
                        pair("a good film", "the very old new book"),
                        pair("a good film", "old new book"));
        assertThat(distance(ofModel.get(0), ofModel.get(1))).isLessThan(1e-6);
    }

    @Test
    void aTextThatIsToStayIsNotCut() {
        TinyRuns.Outcome outcome = run("data.truncation=only_first", "data.max_length=8");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err())
                .contains(
                        "D-LENGTH",
                        "train.tsv:2",
                        "12 of 24 rows cannot be cut to 8 tokens in their first text alone",
                        "longest_first");
    }

    @Test
    void textsWithoutASecondOneHaveNoneToCut() throws IOException {
        TinyModel.writeData(folder.resolve("train.tsv"));
        TinyRuns.Outcome outcome = run("data.truncation=only_second");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("O-CONFLICT", "data.truncation", "no row has a second");
    }
}
