package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.cli.Main;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.GridReader;
import cglora.pipeline.spec.Overrides;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Grids of a model that trains in no time.
class GridRunTest {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12,
               "test": "train.tsv"},
              {"stage": "calibrate", "samples": 8, "step_samples": 4},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "target_modules": "all-linear",
               "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 4, "per_device_batch_size": 4, "eval_steps": 2},
              {"stage": "evaluate", "data": "test"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private Outcome execute(String verb, String... more) {
        var arguments = new ArrayList<>(List.of(verb, folder.resolve("p.json").toString()));
        arguments.addAll(List.of("--engine", "jvm"));
        arguments.addAll(Arrays.asList(more));
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments.toArray(String[]::new),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private JsonNode record() {
        return JsonMapper.shared().readTree(folder.resolve("runs-grid/grid.json").toFile());
    }

    /// State by name.
    private Map<String, String> states() {
        var states = new TreeMap<String, String>();
        for (JsonNode cell : record().path("cells")) {
            states.put(cell.path("name").asString(""), cell.path("state").asString(""));
        }
        return states;
    }

    private static byte[] adapter(Path run) throws IOException {
        return Files.readAllBytes(run.resolve("adapter/adapter_model.safetensors"));
    }

    /// Head, statistics, start: whatever a cell takes from another, its adapter is that of a run of
    /// its own, bit for bit.
    @Test
    void cellsThatShareHaveTheBitsOfSingleRuns() throws IOException {
        Outcome grid =
                execute(
                        "run",
                        "--grid",
                        "adapter.method=lora,cg-lora,lora-ga,full",
                        "--grid",
                        "adapter.r=2,3",
                        "--grid",
                        "train.learning_rate=1e-3,1e-2",
                        "--set",
                        "adapter.cg.coordinates=whitened");
        assertThat(grid.status()).as(grid.err()).isZero();
        assertThat(grid.err()).contains("[16/16] done", "about").contains("grid ");
        var logs = new StringBuilder();
        int compared = 0;
        for (JsonNode cell : record().path("cells")) {
            Path run = folder.resolve("runs-grid").resolve(cell.path("folder").asString(""));
            logs.append(Files.readString(run.resolve("log.txt")));
            var settings = new ArrayList<String>();
            cell.path("values")
                    .properties()
                    .forEach(
                            p ->
                                    settings.addAll(
                                            List.of(
                                                    "--set",
                                                    p.getKey() + "=" + p.getValue().asString())));
            settings.addAll(List.of("--set", "output_dir=" + folder.resolve("single" + compared)));
            Outcome alone = execute("run", settings.toArray(String[]::new));
            assertThat(alone.status()).as(alone.err()).isZero();
            Path single = folder.resolve("single" + compared).resolve("latest");
            boolean full = Files.exists(single.resolve("model"));
            if (full) {
                assertThat(Files.readAllBytes(run.resolve("model/model.safetensors")))
                        .as(run.toString())
                        .isEqualTo(Files.readAllBytes(single.resolve("model/model.safetensors")));
            } else {
                assertThat(adapter(run)).as(run.toString()).isEqualTo(adapter(single));
            }
            assertThat(states(run)).isEqualTo(states(single));
            compared++;
        }
        assertThat(compared).isEqualTo(16);
        assertThat(logs.toString())
                .contains("an earlier cell has the same start")
                .contains("the statistics of an earlier cell")
                .contains("lora needs no statistics")
                .contains("full needs no statistics");
    }

    /// What `metrics.json` says of the states of the model.
    private static Map<String, String> states(Path run) {
        var states = new TreeMap<String, String>();
        JsonMapper.shared()
                .readTree(run.resolve("metrics.json").toFile())
                .properties()
                .forEach(
                        p -> {
                            if (p.getKey().startsWith("after") || p.getKey().startsWith("head")) {
                                states.put(p.getKey(), p.getValue().toString());
                            }
                        });
        return states;
    }

    @Test
    void theSameCommandGoesOnWhereItStopped() throws IOException {
        Path second = folder.resolve("runs-grid/method=pissa,seed=1/events.jsonl");
        var stream = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        var grid =
                GridReader.read(
                        folder.resolve("p.json"),
                        Overrides.none(),
                        List.of("adapter.method=lora,pissa", "seed=1..2"));
        int status =
                new GridRunner(grid, new EngineChoice.Jvm(1, "asked"), stream, stream, false, true)
                        .run(List.of(), () -> Files.exists(second) ? 130 : 0);
        assertThat(status).isEqualTo(130);
        Map<String, String> before = states();
        assertThat(before.values()).contains("done", "interrupted", "waiting");
        var written = new TreeMap<String, Object>();
        for (var cell : before.entrySet()) {
            if (cell.getValue().equals("done")) {
                Path run = folder.resolve("runs-grid").resolve(cell.getKey());
                written.put(cell.getKey(), Files.getLastModifiedTime(run.resolve("metrics.json")));
            } else {
                assertThat(folder.resolve("runs-grid").resolve(cell.getKey()).resolve("adapter"))
                        .doesNotExist();
            }
        }
        status =
                new GridRunner(grid, new EngineChoice.Jvm(1, "asked"), stream, stream, false, true)
                        .run(List.of(), () -> 0);
        assertThat(status).isZero();
        assertThat(states().values()).containsOnly("done");
        for (var cell : written.entrySet()) {
            Path run = folder.resolve("runs-grid").resolve(cell.getKey());
            assertThat(Files.getLastModifiedTime(run.resolve("metrics.json")))
                    .as("a finished cell is left alone")
                    .isEqualTo(cell.getValue());
        }
        try (var files = Files.list(folder.resolve("runs-grid"))) {
            assertThat(files.filter(Files::isDirectory)).hasSize(4);
        }
    }

    /// A cell is done for the files that it has seen.
    @Test
    void otherDataGetFoldersOfTheirOwn() throws IOException {
        assertThat(execute("run", "--grid", "seed=1,2", "--no-export").status()).isZero();
        Path data = folder.resolve("train.tsv");
        Path first = folder.resolve("runs-grid/seed=1/metrics.json");
        String before = Files.readString(first);
        List<String> rows = new ArrayList<>(Files.readAllLines(data));
        rows.add(rows.getLast());
        Files.write(data, rows);
        Outcome other = execute("run", "--grid", "seed=1,2", "--no-export");
        assertThat(other.status()).as(other.err()).isZero();
        assertThat(other.err()).contains("2 cells, 0 done before");
        assertThat(folder.resolve("runs-grid/seed=1-2/metrics.json")).exists();
        assertThat(Files.readString(first)).isEqualTo(before);
    }

    @Test
    void aMistakeOfAllCellsNamesNone() throws IOException {
        Path data = folder.resolve("train.tsv");
        Files.writeString(data, Files.readString(data).replaceFirst("label", "what"));
        Outcome outcome = execute("run", "--grid", "seed=1,2");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("D-COLUMN").doesNotContain(" cells");
    }

    /// What cannot be read may be a finished run: nothing is removed to make room.
    @Test
    void aRunThatCannotBeReadIsNotTakenForUnfinished() throws IOException {
        Path run = folder.resolve("runs-grid/seed=1");
        Files.createDirectories(run.resolve("events.jsonl"));
        Files.writeString(run.resolve("metrics.json"), "{}");
        Outcome outcome = execute("run", "--grid", "seed=1,2", "--no-export");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("D-FORMAT", "cannot be read as a run's events");
        assertThat(run.resolve("metrics.json")).exists();
    }

    /// Another setting makes other runs beside those that are there; the old ones stay.
    @Test
    void anotherPipelineGetsFoldersOfItsOwn() {
        assertThat(execute("run", "--grid", "seed=1,2", "--no-export").status()).isZero();
        Outcome other = execute("run", "--grid", "seed=1,2", "--set", "train.max_steps=3");
        assertThat(other.status()).as(other.err()).isZero();
        assertThat(folder.resolve("runs-grid/seed=1/metrics.json")).exists();
        assertThat(folder.resolve("runs-grid/seed=1/adapter")).doesNotExist();
        assertThat(folder.resolve("runs-grid/seed=1-2/adapter")).exists();
        Outcome more = execute("run", "--grid", "seed=1..3", "--set", "train.max_steps=3");
        assertThat(more.err()).contains("3 cells, 2 done before");
    }

    @Test
    void aCellThatFailsIsRecordedAndTheRestGoesOn() {
        Outcome outcome =
                execute(
                        "run",
                        "--grid",
                        "train.learning_rate=1e30,1e-3",
                        "--set",
                        "train.max_grad_norm=0",
                        "--set",
                        "adapter.method=lora");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(states())
                .containsEntry("learning_rate=1e30", "failed")
                .containsEntry("learning_rate=1e-3", "done");
        assertThat(record().path("cells").get(0).path("error").asString("")).contains("N-NAN");
        assertThat(outcome.out()).contains("1 of 2 cells done, 1 failed");
    }

    @Test
    void everyMistakeOfEveryCellIsToldBeforeAnythingRuns() {
        Outcome outcome =
                execute(
                        "run",
                        "--grid",
                        "adapter.method=lora,lira",
                        "--grid",
                        "adapter.r=2,0",
                        "--grid",
                        "train.max_steps=3,4");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err())
                .contains("lira", "did you mean 'lora'")
                .contains("--grid adapter.r=0")
                .contains("4 cells, the first");
        assertThat(folder.resolve("runs-grid")).doesNotExist();
        Outcome files = execute("run", "--grid", "adapter.r=2,100");
        assertThat(files.status()).isEqualTo(2);
        assertThat(files.err()).contains("A-RANK", "cell r=100");
        assertThat(folder.resolve("runs-grid")).doesNotExist();
    }

    @Test
    void thePlanListsCellsAndKnowsTheTimeOfThoseThatAreDone() {
        assertThat(execute("run", "--grid", "seed=1,2").status()).isZero();
        for (String[] verb : new String[][] {{"plan"}, {"run", "--dry-run"}}) {
            var more = new ArrayList<>(List.of(verb).subList(1, verb.length));
            more.addAll(List.of("--grid", "seed=1..4"));
            Outcome plan = execute(verb[0], more.toArray(String[]::new));
            assertThat(plan.status()).as(plan.err()).isZero();
            assertThat(plan.out())
                    .contains("done     seed=1", "to run   seed=4", "cells        4, of which 2")
                    .contains("for the rest, by the 2 that are done")
                    .contains("in the largest cell");
        }
        assertThat(folder.resolve("runs-grid/seed=4")).doesNotExist();
    }

    @Test
    void theGridOfTheFileIsRunAndOptionsReplaceItsAxes() throws IOException {
        Files.writeString(
                folder.resolve("p.json"),
                PIPELINE.replace(
                        "\"seed\": 1,",
                        "\"seed\": 1, \"grid\": {\"adapter.method\": [\"lora\", \"pissa\"],"
                                + " \"seed\": \"0..3\"},"));
        Outcome outcome = execute("run", "--grid", "seed=7");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(states()).containsOnlyKeys("method=lora,seed=7", "method=pissa,seed=7");
    }
}
