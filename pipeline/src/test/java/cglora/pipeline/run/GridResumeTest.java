package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.pipeline.checkpoint.Durable;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.GridReader;
import cglora.pipeline.spec.GridReading;
import cglora.pipeline.spec.Overrides;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A grid that is killed in a cell goes on in that cell, behind its newest checkpoint.
class GridResumeTest {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "calibrate", "samples": 8, "step_samples": 4},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "target_modules": "all-linear",
               "lora_dropout": 0.2, "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 8, "per_device_batch_size": 4, "eval_steps": 4,
               "logging_steps": 1, "save_steps": 2},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    /// What stands for a kill: nothing that runs a grid catches it.
    private static final class Kill extends Error {
        private static final long serialVersionUID = 1;
    }

    @TempDir Path folder;

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private GridReading grid(String output) {
        return GridReader.read(
                folder.resolve("p.json"),
                Overrides.of(List.of(), List.of("output_dir=" + folder.resolve(output)), List.of()),
                List.of("adapter.method=lora,cg-lora", "seed=1..2"));
    }

    private int run(String output, IntSupplier stop) {
        var stream = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        return new GridRunner(
                        grid(output), new EngineChoice.Jvm(1, "asked"), stream, stream, false, true)
                .run(List.of(), stop);
    }

    private Path cell(String output, String name) {
        return folder.resolve(output + "-grid").resolve(name);
    }

    private static List<Integer> resumed(Path run) {
        return RunEvents.read(run).stream()
                .filter(e -> e.path("event").asString("").equals("resume"))
                .map(e -> e.path("step").asInt())
                .toList();
    }

    @Test
    void aKilledCellGoesOnAndEndsWithTheSameBits() throws IOException {
        assertThat(run("whole", () -> 0)).isZero();
        Path killed = cell("runs", "method=cg-lora,seed=1");
        assertThatThrownBy(
                        () ->
                                run(
                                        "runs",
                                        () -> {
                                            if (Files.exists(
                                                    killed.resolve("checkpoints/checkpoint-4"))) {
                                                throw new Kill();
                                            }
                                            return 0;
                                        }))
                .isInstanceOf(Kill.class);
        assertThat(killed.resolve("checkpoints/checkpoint-4")).exists();
        assertThat(run("runs", () -> 0)).isZero();
        assertThat(resumed(killed)).containsExactly(4);
        for (String name :
                List.of(
                        "method=lora,seed=1",
                        "method=lora,seed=2",
                        "method=cg-lora,seed=1",
                        "method=cg-lora,seed=2")) {
            Path run = cell("runs", name);
            assertThat(ResumableRun.exported(run))
                    .as(name)
                    .isNotEmpty()
                    .isEqualTo(ResumableRun.exported(cell("whole", name)));
            assertThat(ResumableRun.history(run))
                    .isEqualTo(ResumableRun.history(cell("whole", name)));
            assertThat(run.resolve("checkpoints")).as("removed at the end").doesNotExist();
        }
    }

    /// Ctrl-C in a cell is a checkpoint, and no export.
    @Test
    void aStoppedCellGoesOnToo() throws IOException {
        Path stopped = cell("runs", "method=lora,seed=1");
        int status =
                run(
                        "runs",
                        () -> Files.exists(stopped.resolve("checkpoints/checkpoint-2")) ? 130 : 0);
        assertThat(status).isEqualTo(130);
        assertThat(stopped.resolve("adapter")).doesNotExist();
        assertThat(run("runs", () -> 0)).isZero();
        assertThat(resumed(stopped)).singleElement().satisfies(s -> assertThat(s).isPositive());
    }

    /// Another setting under the same name is another run: it begins anew.
    @Test
    void aChangedCellBeginsAnew() throws IOException {
        Path first = cell("runs", "method=lora,seed=1");
        int status =
                run(
                        "runs",
                        () -> Files.exists(first.resolve("checkpoints/checkpoint-2")) ? 130 : 0);
        assertThat(status).isEqualTo(130);
        Path foreign = cell("runs", "method=lora,seed=2");
        Files.createDirectories(foreign);
        Files.writeString(foreign.resolve("notes.txt"), "precious");
        Files.writeString(
                folder.resolve("p.json"),
                PIPELINE.replace("\"per_device_batch_size\": 4", "\"per_device_batch_size\": 5"));
        assertThat(run("runs", () -> 0)).isZero();
        assertThat(resumed(first)).isEmpty();
        assertThat(cell("runs", "aside/method=lora,seed=1/checkpoints/checkpoint-2"))
                .as("what was trained with the other setting is kept")
                .isDirectory();
        assertThat(cell("runs", "aside/method=lora,seed=2/notes.txt")).hasContent("precious");
        List<String> begin =
                RunEvents.read(first).stream()
                        .map(event -> event.path("event").asString(""))
                        .limit(2)
                        .toList();
        assertThat(begin).as("what was set aside is told first").containsExactly("warning", "run");
        assertThat(run("other", () -> 0)).isZero();
        assertThat(Durable.sha256(first.resolve("adapter/adapter_model.safetensors")))
                .isEqualTo(
                        Durable.sha256(
                                cell("other", "method=lora,seed=1")
                                        .resolve("adapter/adapter_model.safetensors")));
    }
}
