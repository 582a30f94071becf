package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Runs of a tiny model in a folder, through the command line.
///
/// @param folder holds `model/`, `train.tsv`, `p.json` and `runs/`
record TinyRuns(Path folder) {
    static final String CG_LORA =
            """
            {"cglora": 1, "name": "tiny", "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "calibrate", "samples": 8, "step_samples": 4},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "target_modules": "all-linear",
               "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 6, "per_device_batch_size": 4, "eval_steps": 2,
               "logging_steps": 1},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    /// Two steps of plain LoRA: for what only the data change.
    static final String LORA =
            """
            {"cglora": 1, "name": "tiny", "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "max_length": 12},
              {"stage": "adapter", "method": "lora", "r": 2, "target_modules": ["query"],
               "head_warmup": false},
              {"stage": "train", "max_steps": 2, "per_device_batch_size": 4, "logging_steps": 1,
               "eval_steps": null, "load_best": null, "save_steps": null},
              {"stage": "export", "verify": false}]}
            """;

    record Outcome(int status, String out, String err) {
        Outcome succeeds() {
            assertThat(status).as(err).isZero();
            return this;
        }
    }

    /// Writes model, data and the pipeline.
    static TinyRuns in(Path folder) throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), CG_LORA);
        return new TinyRuns(folder);
    }

    /// The same with [#LORA] as the pipeline.
    static TinyRuns loraIn(Path folder) throws IOException {
        TinyRuns runs = in(folder);
        Files.writeString(folder.resolve("p.json"), LORA);
        return runs;
    }

    /// A command that succeeds; paths and numbers are arguments, too.
    static Outcome done(Object... arguments) {
        return execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new))
                .succeeds();
    }

    static Outcome execute(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /// Runs the pipeline on the jvm engine.
    Outcome run(String... more) {
        var arguments = new ArrayList<>(List.of("run", folder.resolve("p.json").toString()));
        arguments.addAll(List.of("--engine", "jvm"));
        arguments.addAll(Arrays.asList(more));
        return execute(arguments.toArray(String[]::new));
    }

    /// The newest run's folder.
    Path latest() throws IOException {
        try (var runs = Files.list(folder.resolve("runs"))) {
            return runs.filter(r -> !Files.isSymbolicLink(r)).sorted().toList().getLast();
        }
    }
}
