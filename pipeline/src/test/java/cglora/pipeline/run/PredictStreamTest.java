package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `predict` over a file and over standard input.
class PredictStreamTest {
    @TempDir Path folder;
    private final InputStream input = System.in;
    private String run;

    @BeforeEach
    void runOnce() throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        runs.run().succeeds();
        run = runs.latest().toString();
    }

    @AfterEach
    void putBack() {
        System.setIn(input);
    }

    private List<JsonNode> answers(String... more) {
        var arguments = new java.util.ArrayList<>(List.of("predict", run, "--engine", "jvm"));
        arguments.addAll(List.of(more));
        return TinyRuns.execute(arguments.toArray(String[]::new))
                .succeeds()
                .out()
                .lines()
                .map(line -> JsonMapper.shared().readTree(line))
                .toList();
    }

    @Test
    void standardInputAndFilesHaveTheSameAnswers() throws IOException {
        var texts = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            texts.append(i % 3 == 0 ? "a good film" : "the very bad old book").append('\n');
        }
        System.setIn(new ByteArrayInputStream(texts.toString().getBytes(StandardCharsets.UTF_8)));
        List<JsonNode> ofInput = answers("--data", "-");
        Path file = folder.resolve("new.tsv");
        Files.writeString(file, "text\n" + texts);
        List<JsonNode> ofFile = answers("--data", file.toString());
        assertThat(ofInput).hasSize(300).isEqualTo(ofFile);
        JsonNode probabilities = ofInput.getFirst().path("probabilities");
        assertThat(probabilities.propertyNames()).containsExactlyInAnyOrder("no", "yes");
        assertThat(probabilities.path("no").asDouble() + probabilities.path("yes").asDouble())
                .isBetween(1 - 1e-9, 1 + 1e-9);
    }

    /// Blank lines have no answer; a line that is wrong ends it, and those before it have theirs.
    @Test
    void linesBeforeAWrongOneAreAnswered() {
        String lines = "a good film\n\nthe bad book\n{\"txt\": 3}\nnew\n";
        System.setIn(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
        TinyRuns.Outcome outcome =
                TinyRuns.execute("predict", run, "--engine", "jvm", "--data", "-");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.out().lines().map(l -> JsonMapper.shared().readTree(l).path("text")))
                .extracting(JsonNode::asString)
                .containsExactly("a good film", "the bad book");
        assertThat(outcome.err())
                .contains("warning D-TEXT: standard input, line 2: is blank")
                .contains("error D-TEXT: standard input, line 4");
    }

    /// Nothing is answered of a file with a row that is wrong, wherever it is.
    @Test
    void aFileThatIsWrongIsToldBeforeTheFirstAnswer() throws IOException {
        Path file = folder.resolve("wrong.jsonl");
        Files.writeString(file, "{\"text\": \"a good film\"}\n".repeat(400) + "{\"text\": 3}\n");
        TinyRuns.Outcome outcome =
                TinyRuns.execute("predict", run, "--engine", "jvm", "--data", file.toString());
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("wrong.jsonl:401");
    }

    @Test
    void nothingToPredictSaysHow() {
        TinyRuns.Outcome outcome = TinyRuns.execute("predict", run);
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("--data - for standard input");
    }
}
