package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Names of classes, whatever characters they hold, are the same after an export.
class LabelNamesTest {
    @TempDir Path folder;

    @Test
    void aLineBreakInANameIsKept() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        var rows = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            rows.append("{\"text\": \"good film\", \"label\": \"a\\nb\"}\n");
            rows.append("{\"text\": \"bad book\", \"label\": \"c\"}\n");
        }
        Files.writeString(folder.resolve("rows.jsonl"), rows);
        Files.writeString(
                folder.resolve("p.json"),
                """
                {"cglora": 1, "output_dir": "runs", "stages": [{"stage": "model", "path": "model"},
                 {"stage": "data", "train": "rows.jsonl", "max_length": 12},
                 {"stage": "adapter", "method": "lora", "r": 2, "head_warmup": false},
                 {"stage": "train", "max_steps": 1, "per_device_batch_size": 4},
                 {"stage": "export"}]}
                """);
        TinyRuns.execute("run", folder.resolve("p.json").toString(), "--engine", "jvm").succeeds();
        Path run = folder.resolve("runs/latest");
        assertThat(AdapterMetadata.of(PeftAdapter.read(run.resolve("adapter"))).labels())
                .hasValueSatisfying(
                        labels -> assertThat(labels.names()).containsExactly("a\nb", "c"));
        Path merged = folder.resolve("merged");
        TinyRuns.execute("merge", run.toString(), "-o", merged.toString()).succeeds();
        for (Path answering : List.of(run, merged)) {
            String answer =
                    TinyRuns.execute(
                                    "predict",
                                    answering.toString(),
                                    "--engine",
                                    "jvm",
                                    "--text",
                                    "good film",
                                    "--json")
                            .succeeds()
                            .out();
            JsonNode probabilities =
                    JsonMapper.shared().readTree(answer.strip()).path("probabilities");
            assertThat(probabilities.propertyNames()).containsExactlyInAnyOrder("a\nb", "c");
        }
    }

    @Test
    void theFormOfEarlierVersionsIsRead() {
        var lines = new AdapterMetadata(Map.of("cglora.labels", "yes\nno"));
        assertThat(lines.labels().orElseThrow().names()).containsExactly("yes", "no");
        var both =
                new AdapterMetadata(
                        Map.of("cglora.labels", "x", "cglora.label_names", "[\"a\\nb\",\"c\"]"));
        assertThat(both.labels().orElseThrow().names()).containsExactly("a\nb", "c");
        assertThat(new AdapterMetadata(Map.of()).labels()).isEmpty();
        for (String wrong : List.of("yes\nno", "{}", "[1, 2]")) {
            var damaged = new AdapterMetadata(Map.of("cglora.label_names", wrong));
            assertThatThrownBy(damaged::labels).hasMessageContaining("A-TENSOR");
        }
    }
}
