package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Stages that take the adapter as it was behind a stage before, by `from`.
class StageSourceTest {
    /// Before the last training, which has 12 steps.
    private static final String FIRST =
            """
            {"stage": "adapter", "method": "lora", "r": 2, "lora_dropout": 0.2,
             "target_modules": "all-linear", "head_warmup": false},
            {"stage": "train", "id": "first", "max_steps": 5, "per_device_batch_size": 4,
             "eval_steps": null, "load_best": null, "logging_steps": 1, "save_steps": 2, "lr": %s},
            {"stage": "evaluate", "id": "between"},
            {"stage": "export", "id": "as it was", "from": "first"},
            """;

    private static final String BEHIND =
            """
            {"stage": "evaluate"},
              {"stage": "evaluate", "id": "again", "from": "first", "metrics": ["loss"]},
              {"stage": "evaluate", "id": "start", "from": "adapter"},
              {"stage": "evaluate", "id": "same", "from": "train"},\
            """;

    @TempDir Path folder;

    private ResumableRun run(String rate, String training) throws IOException {
        var run = new ResumableRun(folder, FIRST.formatted(rate), training);
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace(
                                "{\"stage\": \"evaluate\"},\n  {\"stage\": \"export\"}",
                                BEHIND + "\n  {\"stage\": \"export\"}"));
        return run;
    }

    private static Map<String, String> part(Path run, String folder) throws IOException {
        var part = new TreeMap<String, String>();
        ResumableRun.exported(run)
                .forEach(
                        (file, sum) -> {
                            if (file.startsWith(folder) && file.endsWith("model.safetensors")) {
                                part.put(file.substring(folder.length()), sum);
                            }
                        });
        assertThat(part).isNotEmpty();
        return part;
    }

    @Test
    void aStateIsMeasuredAndWrittenAsItWas() throws IOException {
        ResumableRun run = run("0.05", ", \"lr\": 0.05");
        ResumableRun.Outcome outcome = run.run(() -> 0);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        Path whole = run.newest();
        Map<String, JsonNode> metrics = ResumableRun.metrics(whole);
        JsonNode first = metrics.get("after first, validation");
        assertThat(metrics)
                .containsKeys("after initialisation, validation", "after training, validation");
        assertThat(first).isNotEqualTo(metrics.get("after training, validation"));
        double loss =
                RunEvents.read(whole).stream()
                        .filter(e -> e.path("state").asString("").equals("after first, validation"))
                        .filter(e -> e.path("event").asString("").equals("eval"))
                        .mapToDouble(e -> e.path("loss").asDouble())
                        .distinct()
                        .sum();
        assertThat(loss)
                .as("both evaluations say the same")
                .isEqualTo(first.path("loss").asDouble());
        TinyRuns.execute(
                        "run",
                        folder.resolve("p.json").toString(),
                        "--engine",
                        "jvm",
                        "--set",
                        "engine.threads=1",
                        "--skip",
                        "train",
                        "--skip",
                        "same",
                        "--skip",
                        "as it was")
                .succeeds();
        assertThat(part(run.newest(), "adapter"))
                .isEqualTo(part(whole, "exports/as_it_was/adapter"));
        assertThat(part(whole, "adapter")).isNotEqualTo(part(whole, "exports/as_it_was/adapter"));
        TinyRuns.execute(
                        "predict",
                        whole.resolve("exports/as_it_was").toString(),
                        "--text",
                        "a film")
                .succeeds();
    }

    /// What another training has learnt meanwhile does not matter.
    @Test
    void aTrainingGoesOnFromTheStateThatItNames() throws IOException {
        String from = ", \"lr\": 0.05, \"from\": \"adapter\"";
        ResumableRun run = run("0.05", from);
        assertThat(run.run(() -> 0).status()).isZero();
        Map<String, String> one = part(run.newest(), "adapter");
        assertThat(run("0.01", from).run(() -> 0).status()).isZero();
        assertThat(part(run.newest(), "adapter")).isEqualTo(one);
        assertThat(run("0.01", ", \"lr\": 0.05").run(() -> 0).status()).isZero();
        assertThat(part(run.newest(), "adapter")).isNotEqualTo(one);
    }

    @Test
    void aCrashAnywhereEndsWithTheSameBits() throws IOException {
        ResumableRun run = run("0.05", ", \"lr\": 0.05, \"from\": \"adapter\"");
        var asked = new AtomicInteger();
        assertThat(run.run(() -> 0 * asked.incrementAndGet()).status()).isZero();
        Path whole = run.newest();
        int questions = asked.get();
        for (int at = 2; at < questions; at += Math.max(1, questions / 7)) {
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
            assertThat(ResumableRun.exported(crashed))
                    .as("crashed at question " + at)
                    .hasSizeGreaterThan(2)
                    .isEqualTo(ResumableRun.exported(whole));
            assertThat(ResumableRun.metrics(crashed)).isEqualTo(ResumableRun.metrics(whole));
        }
    }

    @Test
    void itsRecordRunsAgain() throws IOException {
        ResumableRun run = run("0.05", ", \"lr\": 0.05, \"from\": \"adapter\"");
        assertThat(run.run(() -> 0).status()).isZero();
        TinyRuns.Outcome again = TinyRuns.execute("replay", run.newest().toString()).succeeds();
        assertThat(again.out())
                .contains("same     exports/as_it_was/adapter/adapter_model.safetensors")
                .contains("same     adapter/adapter_model.safetensors");
    }

    /// Stopped in the second training: the first one's state is the one behind it, not the newest.
    @Test
    void whatIsInterruptedLeavesEarlierStatesAlone() throws IOException {
        ResumableRun run = run("0.05", ", \"lr\": 0.05");
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace(
                                "{\"stage\": \"export\"}",
                                "{\"stage\": \"export\", \"from\": \"first\"}"));
        ResumableRun.Outcome outcome = run.run(() -> run.isThere("2-train/checkpoint-4") ? 130 : 0);
        assertThat(outcome.status()).isEqualTo(130);
        assertThat(part(run.newest(), "adapter"))
                .isEqualTo(part(whole, "exports/as_it_was/adapter"));
    }

    @Test
    void allWeightsAreKeptWhereTheyAreTrained() throws IOException {
        var run =
                new ResumableRun(
                        folder,
                        FIRST.formatted("1e-3")
                                .replace("\"lora\", \"r\": 2, \"lora_dropout\": 0.2", "\"full\""),
                        ", \"lr\": 1e-3");
        ResumableRun.Outcome outcome = run.run(() -> 0);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        Path whole = run.newest();
        assertThat(part(whole, "model")).isNotEqualTo(part(whole, "exports/as_it_was/model"));
        TinyRuns.execute(
                        "run",
                        folder.resolve("p.json").toString(),
                        "--engine",
                        "jvm",
                        "--set",
                        "engine.threads=1",
                        "--skip",
                        "train",
                        "--skip",
                        "as it was")
                .succeeds();
        assertThat(part(run.newest(), "model")).isEqualTo(part(whole, "exports/as_it_was/model"));
    }
}
