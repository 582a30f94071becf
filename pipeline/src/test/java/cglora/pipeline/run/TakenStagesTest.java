package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `run FILE --from STAGE --using RUN`.
class TakenStagesTest {
    private static final String TWICE =
            """
            {"cglora": 1, "name": "twice", "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "adapter", "method": "lora", "r": 2, "lora_dropout": 0.1,
               "target_modules": "all-linear", "head_warmup": {"examples": 8}},
              {"stage": "train", "id": "first", "max_steps": 3, "per_device_batch_size": 4,
               "load_best": null},
              {"stage": "evaluate", "id": "between"},
              {"stage": "export", "id": "half", "from": "first"},
              {"stage": "train", "max_steps": 5, "per_device_batch_size": 4, "load_best": null},
              {"stage": "evaluate", "from": "first"},
              {"stage": "evaluate", "id": "end"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.in(folder);
    }

    private TinyRuns.Outcome from(String stage, Path run, String... more) {
        var arguments = new ArrayList<>(List.of("--from", stage, "--using", run.toString()));
        arguments.addAll(List.of(more));
        return runs.run(arguments.toArray(String[]::new));
    }

    private static JsonNode about(Path run) {
        return JsonMapper.shared().readTree(run.resolve("run.json").toFile());
    }

    @Test
    void trainingBeginsWithTheStartThatTheRunHasKept() throws IOException {
        runs.run("--set", "adapter.keep=true").succeeds();
        Path first = runs.latest();
        TinyRuns.Outcome outcome = from("train", folder.resolve("runs/latest")).succeeds();
        Path second = runs.latest();
        assertThat(outcome.err())
                .contains("[3/6] adapter", "the start of")
                .doesNotContain("warning");
        assertThat(ResumableRun.exported(second)).isEqualTo(ResumableRun.exported(first));
        JsonNode taken = about(second).path("taken").get(0);
        assertThat(taken.path("stage").asString()).isEqualTo("adapter");
        assertThat(taken.path("what").asString()).isEqualTo("start");
        assertThat(taken.path("run").asString()).endsWith(first.getFileName().toString());
        assertThat(taken.path("same_data").asBoolean()).isTrue();
        assertThat(taken.path("sha256").path("start.safetensors").asString())
                .isEqualTo(
                        JsonMapper.shared()
                                .readTree(first.resolve("start/start.json").toFile())
                                .path("sha256")
                                .asString());
        assertThat(Files.readString(second.resolve("report.html")))
                .contains("Taken from elsewhere", first.getFileName().toString());
        // at another rate it is another run, from the same start
        from("train", first, "--set", "train.learning_rate=1e-4").succeeds();
        assertThat(ResumableRun.metrics(runs.latest()).get("after initialisation, validation"))
                .isEqualTo(ResumableRun.metrics(first).get("after initialisation, validation"));
        assertThat(ResumableRun.exported(runs.latest())).isNotEqualTo(ResumableRun.exported(first));
        TinyRuns.execute("replay", second.toString()).succeeds();
    }

    @Test
    void allCellsOfAGridBeginThere() throws IOException {
        runs.run("--set", "adapter.keep=true").succeeds();
        Path first = runs.latest();
        from("train", first, "--grid", "train.learning_rate=4e-3,1e-3").succeeds();
        try (var cells = Files.list(folder.resolve("runs-grid"))) {
            List<Path> made = cells.filter(c -> Files.exists(c.resolve("run.json"))).toList();
            assertThat(made).hasSize(2);
            for (Path cell : made) {
                assertThat(about(cell).path("taken").get(0).path("what").asString())
                        .isEqualTo("start");
            }
            // the rate by default
            assertThat(made.stream().filter(c -> adapter(c).equals(adapter(first)))).hasSize(1);
        }
    }

    private static String adapter(Path run) {
        try {
            return ResumableRun.exported(run).get("adapter/adapter_model.safetensors");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void evaluationTakesTheTrainedAdapter() throws IOException {
        runs.run().succeeds();
        Path first = runs.latest();
        TinyRuns.Outcome outcome = from("evaluate", first, "--set", "train.weight_decay=0.5");
        outcome.succeeds();
        assertThat(outcome.err())
                .contains("R-SETTING", "train.weight_decay", "is 0.5 here, and 0.01 in the run");
        String state = "after training, validation";
        JsonNode then = ResumableRun.metrics(first).get(state);
        JsonNode now = ResumableRun.metrics(runs.latest()).get(state);
        assertThat(now.path("accuracy")).isEqualTo(then.path("accuracy"));
        assertThat(now.path("loss").asDouble())
                .isCloseTo(then.path("loss").asDouble(), offset(1e-5));
    }

    /// The run goes on as the whole one did, to the bit: plain factors are written as they are.
    @Test
    void theSecondTrainingGoesOnFromTheFirst() throws IOException {
        Files.writeString(folder.resolve("p.json"), TWICE);
        runs.run().succeeds();
        Path whole = runs.latest();
        from("train", whole).succeeds();
        Path half = runs.latest();
        assertThat(ResumableRun.exported(half).get("adapter/adapter_model.safetensors"))
                .isEqualTo(ResumableRun.exported(whole).get("adapter/adapter_model.safetensors"));
        assertThat(half.resolve("exports")).doesNotExist();
        assertThat(ResumableRun.metrics(half).get("after initialisation, validation"))
                .as("the first training's end is the start")
                .isEqualTo(ResumableRun.metrics(whole).get("after first, validation"));
        TinyRuns.execute("replay", half.toString()).succeeds();
    }

    @Test
    void theAdapterStartsFromStatisticsThatTheRunHasKept() throws IOException {
        runs.run("--set", "calibrate.keep=true").succeeds();
        Path first = runs.latest();
        TinyRuns.Outcome outcome = from("adapter", first).succeeds();
        assertThat(outcome.err()).contains("those of", "from 8 examples");
        EarlierStatisticsTest.requireNear(runs.latest(), first);
    }

    @Test
    void planAndValidateSayTheSame() throws IOException {
        runs.run("--set", "adapter.keep=true").succeeds();
        String run = runs.latest().toString();
        String file = folder.resolve("p.json").toString();
        assertThat(TinyRuns.done("validate", file, "--from", "train", "--using", run).out())
                .contains("ok ");
        assertThat(
                        TinyRuns.done(
                                        "validate",
                                        file,
                                        "--print",
                                        "--from",
                                        "train",
                                        "--using",
                                        run)
                                .out())
                .contains("\"start\": \"runs/");
        assertThat(
                        TinyRuns.done(
                                        "plan",
                                        file,
                                        "--no-probe",
                                        "--engine",
                                        "jvm",
                                        "--from",
                                        "train",
                                        "--using",
                                        run)
                                .out())
                .contains("memory", "train");
    }

    @Test
    void whatCannotBeTakenIsTold() throws IOException {
        runs.run().succeeds();
        Path run = runs.latest();
        assertThat(from("trian", run).err())
                .contains("P-USAGE", "no stage that takes part has the id 'trian'", "'train'");
        assertThat(from("data", run).err()).contains("P-USAGE", "nothing is computed");
        assertThat(from("train", run).err()).contains("M-PATH", "--set adapter.keep=true");
        assertThat(from("adapter", run).err()).contains("M-PATH", "holds no statistics");
        assertThat(from("train", folder.resolve("model")).err()).contains("R-MISSING");
        assertThat(from("train", folder.resolve("nowhere")).status()).isEqualTo(3);
        assertThat(runs.run("--from", "train").err()).contains("P-USAGE", "--using");
        assertThat(runs.run("--using", run.toString()).err()).contains("P-USAGE", "--from");
        assertThat(from("evaluate", run, "--set", "adapter.method=full").err())
                .contains("P-USAGE", "path of the model stage");
        Files.writeString(folder.resolve("p.json"), TWICE);
        assertThat(from("train", run).err()).contains("M-PATH", "no train stage 'first'");
        runs.run("--skip", "half").succeeds();
        assertThat(from("train", runs.latest()).err())
                .contains("M-PATH", "behind stage 'first'", "\"from\": \"first\"");
        Files.delete(runs.latest().resolve("metrics.json"));
        assertThat(from("evaluate", runs.latest()).err()).contains("R-MISSING", "cglora resume");
    }
}
