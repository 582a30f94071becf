package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Runs that are asked to stop at one moment or another.
class InterruptionTest {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "calibrate", "samples": 8, "step_samples": 4},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "target_modules": "all-linear",
               "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 4, "per_device_batch_size": 4, "eval_steps": 2},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private record Outcome(int status, String shown, Path run) {
        JsonNode lastEvent() throws IOException {
            return JsonMapper.shared()
                    .readTree(Files.readAllLines(run.resolve("events.jsonl")).getLast());
        }
    }

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    /// Stops at the question of this number.
    private Outcome stopAt(int question, int status, AtomicInteger asked) throws IOException {
        Set<Path> before = runs();
        var shown = new ByteArrayOutputStream();
        var stream = new PrintStream(shown, true, StandardCharsets.UTF_8);
        int found =
                new Runner(
                                PipelineReader.read(folder.resolve("p.json"), Overrides.none()),
                                new EngineChoice.Jvm(1, "asked"),
                                stream,
                                stream,
                                false,
                                () -> asked.incrementAndGet() >= question ? status : 0)
                        .run();
        Set<Path> made = runs();
        made.removeAll(before);
        assertThat(made).hasSize(1);
        return new Outcome(found, shown.toString(StandardCharsets.UTF_8), made.iterator().next());
    }

    private Set<Path> runs() throws IOException {
        Path runs = folder.resolve("runs");
        if (!Files.exists(runs)) {
            return new HashSet<>();
        }
        try (var paths = Files.list(runs)) {
            return paths.filter(path -> !Files.isSymbolicLink(path))
                    .collect(Collectors.toCollection(HashSet::new));
        }
    }

    /// Wherever it stops: the exit status and that of the last event are the signal's, there is
    /// an adapter exactly where a step was made, and the messages say so.
    @Test
    void whatWasLearntIsKeptWhereverTheRunStops() throws IOException {
        var asked = new AtomicInteger();
        Outcome whole = stopAt(Integer.MAX_VALUE, 130, asked);
        assertThat(whole.status()).isZero();
        assertThat(whole.lastEvent().path("exit").asInt(-1)).isZero();
        int questions = asked.get();
        assertThat(questions).as("stages, batches and steps").isGreaterThan(50);
        int kept = 0;
        int lost = 0;
        int step = Math.max(1, questions / 40);
        for (int at = 1; at <= questions; at += step) {
            Outcome outcome = stopAt(at, 143, new AtomicInteger());
            assertThat(outcome.status()).as(outcome.shown()).isEqualTo(143);
            assertThat(outcome.lastEvent().path("event").asString()).isEqualTo("end");
            assertThat(outcome.lastEvent().path("exit").asInt()).isEqualTo(143);
            assertThat(outcome.shown()).doesNotContain("NaN");
            Path adapter = outcome.run().resolve("adapter");
            boolean trained =
                    Files.readString(outcome.run().resolve("events.jsonl")).contains("\"step\":1");
            assertThat(Files.exists(adapter)).as(outcome.shown()).isEqualTo(trained);
            if (trained) {
                assertThat(PeftAdapter.read(adapter).layers()).isNotEmpty();
                kept++;
            } else {
                assertThat(outcome.shown()).contains("nothing is kept");
                lost++;
            }
        }
        assertThat(List.of(kept, lost)).doesNotContain(0);
    }
}
