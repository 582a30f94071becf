package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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
import org.junit.jupiter.api.io.TempDir;

/// What people bring that cannot work: the exit status, the essence of the message, and that no
/// file of theirs is changed. Everything runs through the command line on a very small model.
abstract class BadInput {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "calibrate", "samples": 8, "step_samples": 4},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "target_modules": "all-linear",
               "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    /// How a command ended.
    record Outcome(int status, String out, String err) {
        /// A message of that code, or of one that begins so, and no trace of a bug.
        void refuses(int expected, String code, String... essence) {
            assertThat(status).as(err).isEqualTo(expected);
            assertThat(err).contains("error " + code).contains(essence);
            assertThat(err).doesNotContain("\tat ", "a bug of ours");
        }

        /// Goes on, with a warning of that code.
        void warns(String code, String... essence) {
            assertThat(status).as(err).isZero();
            assertThat(err).contains("warning " + code + ": ").contains(essence);
            assertThat(err).doesNotContain("\tat ", "a bug of ours");
        }
    }

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    static Outcome execute(OutputStream out, String... arguments) {
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(status, out.toString(), err.toString(StandardCharsets.UTF_8));
    }

    /// A verb with the pipeline.
    Outcome command(String verb, String... more) {
        var arguments = new ArrayList<>(List.of(verb, folder.resolve("p.json").toString()));
        arguments.addAll(Arrays.asList(more));
        return execute(new ByteArrayOutputStream(), arguments.toArray(String[]::new));
    }

    /// Hashes of all files but those of runs.
    Map<Path, String> files() throws IOException {
        var files = new TreeMap<Path, String>();
        try (var all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.startsWith(folder.resolve("runs"))) {
                    files.put(file, Arrays.hashCode(Files.readAllBytes(file)) + "");
                }
            }
        }
        return files;
    }

    Path adapter() {
        return folder.resolve("runs/latest/adapter");
    }

    /// The folder of the only run.
    Path onlyRun() throws IOException {
        try (var runs = Files.list(folder.resolve("runs"))) {
            return runs.filter(run -> !Files.isSymbolicLink(run)).findFirst().orElseThrow();
        }
    }

    /// `validate` and `run` refuse alike, before a folder is made.
    void refused(int status, String code, String... essence) throws IOException {
        Map<Path, String> before = files();
        for (String verb : new String[] {"validate", "run"}) {
            command(verb).refuses(status, code, essence);
        }
        assertThat(files()).isEqualTo(before);
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    void change(String file, String from, String to) throws IOException {
        Path path = folder.resolve(file);
        String text = Files.readString(path);
        assertThat(text).contains(from);
        Files.writeString(path, text.replace(from, to));
    }
}
