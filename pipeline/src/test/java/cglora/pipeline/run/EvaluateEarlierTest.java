package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// An evaluate stage that measures an earlier run's adapter, or model.
class EvaluateEarlierTest {
    private static final String MEASURE =
            """
            {"cglora": 1, "name": "m", "seed": 1, "output_dir": "measured", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12,
               "test": "new.tsv"},
              %s
              {"stage": "evaluate", "from": "runs/latest"},
              {"stage": "evaluate", "id": "new", "data": "test", "from": "runs/latest"}]}
            """;

    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void runOnce() throws IOException {
        runs = TinyRuns.in(folder);
        Files.writeString(
                folder.resolve("new.tsv"),
                "text\tlabel\na very good new book\tyes\nthe bad old film\tno\n");
    }

    private TinyRuns.Outcome measure(String between) throws IOException {
        Path file = folder.resolve("m.json");
        Files.writeString(file, MEASURE.formatted(between));
        return TinyRuns.execute("run", file.toString(), "--engine", "jvm");
    }

    private JsonNode json(String name) {
        return JsonMapper.shared().readTree(folder.resolve(name).toFile());
    }

    /// What the earlier run said of its own adapter, whatever this one has trained itself.
    private void saysTheSame(String between) throws IOException {
        Path earlier = runs.latest();
        measure(between).succeeds();
        JsonNode metrics = json("measured/latest/metrics.json");
        String state = "of " + RunReport.relative(earlier.toRealPath());
        JsonNode then = json("runs/latest/metrics.json").path("after training, validation");
        JsonNode now = metrics.path(state + ", validation");
        assertThat(now.path("loss").asDouble())
                .isCloseTo(then.path("loss").asDouble(), offset(1e-6));
        assertThat(now.path("accuracy")).isEqualTo(then.path("accuracy"));
        assertThat(metrics.path(state + ", test").path("loss").asDouble()).isPositive();
        assertThat(json("measured/latest/run.json").path("sha256").toString())
                .contains(earlier.toRealPath().toString());
        assertThat(Files.readString(folder.resolve("measured/latest/pipeline.json")))
                .contains(earlier.getFileName().toString())
                .doesNotContain("runs/latest");
    }

    @Test
    void anAdapterIsMeasuredWithoutOneOfItsOwn() throws IOException {
        runs.run().succeeds();
        saysTheSame("");
        assertThat(folder.resolve("measured/latest/adapter")).doesNotExist();
    }

    @Test
    void anAdapterIsMeasuredBesideOneOfItsOwn() throws IOException {
        runs.run("--set", "adapter.cg.shift=true", "--set", "adapter.cg.coordinates=plain")
                .succeeds();
        saysTheSame(
                """
                {"stage": "adapter", "method": "lora", "r": 3, "target_modules": ["query"],
                 "head_warmup": false},
                {"stage": "train", "max_steps": 2, "per_device_batch_size": 4, "lr": 0.1},
                """);
        assertThat(json("measured/latest/metrics.json").has("after training, test")).isTrue();
    }

    @Test
    void aModelThatWasTrainedWholeIsMeasured() throws IOException {
        runs.run("--set", "adapter.method=full").succeeds();
        saysTheSame("");
    }

    @Test
    void anotherBaseAndOtherClassesAreRefusedTogetherWithOtherMistakes() throws IOException {
        runs.run().succeeds();
        TinyModel.write(folder.resolve("model"), 6, 0);
        Files.writeString(
                folder.resolve("m.json"),
                MEASURE.formatted(
                        "{\"stage\": \"adapter\", \"target_modules\": [\"quer\"], \"method\": \"lora\"},"));
        TinyRuns.Outcome outcome =
                TinyRuns.execute("validate", folder.resolve("m.json").toString());
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("A-BASE", "SHA-256", "A-TARGET", "quer");
        assertThat(folder.resolve("measured")).doesNotExist();
    }

    @Test
    void aFolderThatIsNotThereIsTold() throws IOException {
        TinyRuns.Outcome outcome = measure("");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("M-PATH", "runs/latest", "is not there");
    }
}
