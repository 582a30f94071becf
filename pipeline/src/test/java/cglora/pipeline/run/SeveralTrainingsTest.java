package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Pipelines that train several times: the head first, then the adapter at a rate of its own.
class SeveralTrainingsTest {
    /// Before the training of 12 steps; measured between the two.
    private static final String HEAD_FIRST =
            """
            {"stage": "adapter", "method": "lora", "r": 2, "lora_dropout": 0.2,
             "target_modules": "all-linear", "head_warmup": false},
            {"stage": "train", "id": "head", "trains": "head", "max_steps": 6,
             "per_device_batch_size": 4, "eval_steps": 3, "logging_steps": 1, "save_steps": 2,
             "head_learning_rate": 0.05},
            {"stage": "evaluate", "id": "between"},
            """;

    @TempDir Path folder;

    private ResumableRun run(String training) throws IOException {
        return new ResumableRun(folder, HEAD_FIRST, training);
    }

    private static Map<String, float[]> head(Path run) {
        return new TreeMap<>(PeftAdapter.read(run.resolve("adapter")).saved());
    }

    @Test
    void eachTrainingChangesItsPartAndTheRunCountsOn() throws IOException {
        ResumableRun both = run(", \"trains\": \"body\"");
        assertThat(both.run(() -> 0).status()).isZero();
        Path trained = both.newest();
        assertThat(ResumableRun.metrics(trained))
                .containsKeys("after head, validation", "after training, validation");
        List<Integer> steps =
                RunEvents.read(trained).stream()
                        .filter(e -> e.path("event").asString("").equals("step"))
                        .map(e -> e.path("step").asInt())
                        .toList();
        assertThat(steps).hasSize(18).isSorted().startsWith(1).endsWith(18);
        assertThat(ResumableRun.checkpoints(trained)).containsExactly("1-head", "2-train");

        TinyRuns.execute(
                        "run",
                        folder.resolve("p.json").toString(),
                        "--engine",
                        "jvm",
                        "--skip",
                        "train")
                .succeeds();
        Path headOnly = both.newest();
        assertThat(headOnly).isNotEqualTo(trained);
        PeftAdapter.read(headOnly.resolve("adapter"))
                .layers()
                .forEach((name, layer) -> assertThat(layer.loraB()).as(name).containsOnly(0f));
        PeftAdapter.read(trained.resolve("adapter"))
                .layers()
                .forEach((name, layer) -> assertThat(layer.loraB()).as(name).doesNotContain(0f));
        Map<String, float[]> before = head(headOnly);
        assertThat(before).isNotEmpty();
        // a body's training leaves the head alone
        head(trained).forEach((name, values) -> assertThat(values).isEqualTo(before.get(name)));
        TinyRuns.execute("init", folder.resolve("p.json").toString(), "--engine", "jvm").succeeds();
        assertThat(head(both.newest()).get("classifier.weight"))
                .as("a head's training changes it")
                .isNotEqualTo(before.get("classifier.weight"));
    }

    /// Crashed in either training, between them and behind them.
    @Test
    void aCrashAnywhereEndsWithTheSameBits() throws IOException {
        ResumableRun run = run(", \"lr\": 0.01");
        var asked = new AtomicInteger();
        assertThat(run.run(() -> 0 * asked.incrementAndGet()).status()).isZero();
        Path whole = run.newest();
        int questions = asked.get();
        var places = new ArrayList<Integer>();
        for (int at = 1; at < questions; at += Math.max(1, questions / 16)) {
            int last = at;
            asked.set(0);
            assertThatThrownBy(
                            () ->
                                    run.run(
                                            () -> {
                                                if (asked.incrementAndGet() == last) {
                                                    throw new ResumableRun.Crash();
                                                }
                                                return 0;
                                            }))
                    .isInstanceOf(ResumableRun.Crash.class);
            Path crashed = run.newest();
            ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
            assertThat(outcome.status()).as(outcome.shown()).isZero();
            RunEvents.read(crashed).stream()
                    .filter(e -> e.path("event").asString("").equals("resume"))
                    .forEach(e -> places.add(e.path("step").asInt()));
            same(crashed, whole, "crashed at question " + at);
        }
        assertThat(places)
                .contains(0)
                .anyMatch(step -> step > 0 && step < 6)
                .anyMatch(step -> step > 6);
    }

    private static void same(Path crashed, Path whole, String what) throws IOException {
        assertThat(ResumableRun.exported(crashed))
                .as(what)
                .isNotEmpty()
                .isEqualTo(ResumableRun.exported(whole));
        assertThat(ResumableRun.metrics(crashed)).as(what).isEqualTo(ResumableRun.metrics(whole));
        assertThat(ResumableRun.history(crashed)).as(what).isEqualTo(ResumableRun.history(whole));
    }

    /// Without the first training's end the second has nothing to go on from: it begins again.
    @Test
    void aDamagedEndOfTheFirstTrainingTakesTheSecondBack() throws IOException {
        ResumableRun run = run("");
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        Path crashed = run.crashBehind("2-train/checkpoint-4");
        Path end = crashed.resolve("checkpoints/1-head/checkpoint-6/state.safetensors");
        byte[] bytes = Files.readAllBytes(end);
        bytes[bytes.length / 2] ^= 1;
        Files.write(end, bytes);
        ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        assertThat(outcome.shown())
                .contains("R-DAMAGED", "goes on after step 4", "set aside as checkpoint-4.aside");
        same(crashed, whole, "damaged");
        assertThat(crashed.resolve("checkpoints/1-head/checkpoint-6.aside")).isDirectory();
        assertThat(crashed.resolve("checkpoints/2-train/checkpoint-4.aside/state.safetensors"))
                .as("what the second training had made is kept")
                .isRegularFile();
    }

    @Test
    void aTrainingThatIsOverIsNotChanged() throws IOException {
        ResumableRun run = run("");
        Path crashed = run.crashBehind("2-train/checkpoint-4");
        ResumableRun.Outcome outcome = ResumableRun.command(crashed, "--set", "head.max_steps=8");
        assertThat(outcome.status()).as(outcome.shown()).isEqualTo(2);
        assertThat(outcome.shown()).contains("R-SETTING", "'head' is over");
        outcome = ResumableRun.command(crashed, "--set", "train.max_steps=14");
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        JsonNode last =
                RunEvents.read(crashed).stream()
                        .filter(e -> e.path("event").asString("").equals("step"))
                        .toList()
                        .getLast();
        assertThat(last.path("step").asInt()).isEqualTo(20);
    }

    /// A stage may be called like a setting that is free to change: its own settings are not.
    @ParameterizedTest
    @ValueSource(strings = {"name-two", "engine2", "vars", "cglora_x", "output_dir2"})
    void settingsOfAStageAreItsOwnWhateverItIsCalled(String id) throws IOException {
        ResumableRun run = run("");
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace(
                                "{\"stage\": \"train\", \"max_steps\": 12",
                                "{\"stage\": \"train\", \"id\": \"%s\", \"max_steps\": 12"
                                        .formatted(id)));
        Path crashed = run.crashBehind("2-" + id + "/checkpoint-4");
        ResumableRun.Outcome outcome =
                ResumableRun.command(
                        crashed,
                        "--set",
                        id + ".per_device_batch_size=2",
                        "--set",
                        id + ".weight_decay=0.5");
        assertThat(outcome.status()).as(outcome.shown()).isEqualTo(2);
        assertThat(outcome.shown())
                .contains(
                        "error R-SETTING: " + id + ".per_device_batch_size: is 2",
                        "error R-SETTING: " + id + ".weight_decay");
    }

    /// Checkpoints of the second training need the end of the first, though it asks for none.
    @Test
    void theEndOfATrainingIsKeptWhereALaterOneSaves() throws IOException {
        ResumableRun run =
                new ResumableRun(
                        folder,
                        HEAD_FIRST.replace("\"save_steps\": 2", "\"save_steps\": null"),
                        "");
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        try (Stream<Path> kept = Files.list(whole.resolve("checkpoints/1-head"))) {
            assertThat(kept.map(Path::getFileName).map(Path::toString))
                    .containsExactly("checkpoint-6");
        }
        Path crashed = run.crashBehind("2-train/checkpoint-8");
        ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
        assertThat(outcome.shown()).contains("goes on after step 14");
        same(crashed, whole, "resumed");
    }

    /// Several evaluations of one state are one line of the table.
    @Test
    void evaluationsOfOneStateAreGathered() throws IOException {
        ResumableRun run =
                new ResumableRun(
                        folder,
                        HEAD_FIRST.replace(
                                "{\"stage\": \"train\", \"id\": \"head\"",
                                "{\"stage\": \"evaluate\", \"id\": \"a\", \"metrics\": [\"loss\"]},"
                                        + "{\"stage\": \"evaluate\", \"id\": \"b\","
                                        + " \"metrics\": [\"accuracy\"]},"
                                        + "{\"stage\": \"train\", \"id\": \"head\""),
                        "");
        assertThat(run.run(() -> 0).status()).isZero();
        JsonNode before = ResumableRun.metrics(run.newest()).get("before training, validation");
        assertThat(before.propertyNames()).containsExactlyInAnyOrder("loss", "accuracy");
    }
}
