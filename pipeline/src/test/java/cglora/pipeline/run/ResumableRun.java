package cglora.pipeline.run;

import cglora.pipeline.checkpoint.Durable;
import cglora.pipeline.cli.Main;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A pipeline on a tiny model that is run, crashed and resumed in this process.
final class ResumableRun {
    /// What stands for a crash: nothing in the product catches it.
    static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              %s
              {"stage": "train", "max_steps": 12, "per_device_batch_size": 4, "eval_steps": 3,
               "logging_steps": 1, "save_steps": 2 %s},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    private final Path folder;

    /// @param adapter  stages before training, each followed by a comma
    /// @param training settings of training, each behind a comma
    ResumableRun(Path folder, String adapter, String training) throws IOException {
        this.folder = folder;
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), PIPELINE.formatted(adapter, training));
    }

    private ResumableRun(Path folder) {
        this.folder = folder;
    }

    /// The pipeline `p.json` of a folder, with the model and the data that lie beside it.
    static ResumableRun of(Path folder) {
        return new ResumableRun(folder);
    }

    /// What a run has shown, and its exit status.
    record Outcome(int status, String shown) {}

    /// Runs the pipeline, or as much of it as `stop` lets it; its folder is the newest one then.
    Outcome run(IntSupplier stop) {
        var shown = new ByteArrayOutputStream();
        int status = runner(folder.resolve("p.json"), shown, stop).run();
        return new Outcome(status, shown.toString(StandardCharsets.UTF_8));
    }

    /// Goes on with a run.
    static Outcome resume(Path run, IntSupplier stop) {
        var shown = new ByteArrayOutputStream();
        int status = runner(run.resolve("pipeline.json"), shown, stop).resume(run, Set.of());
        return new Outcome(status, shown.toString(StandardCharsets.UTF_8));
    }

    /// What the command line says to `cglora resume`.
    static Outcome command(Path run, String... options) {
        var shown = new ByteArrayOutputStream();
        var stream = new PrintStream(shown, true, StandardCharsets.UTF_8);
        var arguments = new ArrayList<>(List.of("resume", run.toString(), "--engine", "jvm"));
        arguments.addAll(List.of(options));
        int status = Main.execute(arguments.toArray(String[]::new), stream, stream);
        return new Outcome(status, shown.toString(StandardCharsets.UTF_8));
    }

    private static Runner runner(Path file, ByteArrayOutputStream shown, IntSupplier stop) {
        var stream = new PrintStream(shown, true, StandardCharsets.UTF_8);
        return new Runner(
                PipelineReader.read(file, Overrides.none()),
                new EngineChoice.Jvm(1, "asked"),
                stream,
                stream,
                false,
                stop);
    }

    /// Runs the pipeline until a checkpoint is there, and crashes then.
    Path crashBehind(String checkpoint) throws IOException {
        try {
            run(
                    () -> {
                        if (isThere(checkpoint)) {
                            throw new Crash();
                        }
                        return 0;
                    });
        } catch (Crash _) {
            return newest();
        }
        throw new AssertionError("no " + checkpoint);
    }

    /// Whether the newest run has that checkpoint.
    boolean isThere(String checkpoint) {
        try {
            return Files.exists(newest().resolve("checkpoints").resolve(checkpoint));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The folder of the newest run.
    Path newest() throws IOException {
        try (Stream<Path> runs = Files.list(folder.resolve("runs"))) {
            return runs.filter(path -> !Files.isSymbolicLink(path))
                    .max(Comparator.comparing(ResumableRun::number))
                    .orElseThrow();
        }
    }

    /// `20260101-000000-10` comes behind `20260101-000000-9`.
    private static String number(Path run) {
        String[] parts = run.getFileName().toString().split("-");
        return "%s-%s-%06d"
                .formatted(parts[0], parts[1], parts.length < 3 ? 1 : Integer.parseInt(parts[2]));
    }

    Path folder() {
        return folder;
    }

    /// SHA-256 of what was exported, by the files' names.
    static Map<String, String> exported(Path run) throws IOException {
        var files = new TreeMap<String, String>();
        for (String name : List.of("adapter", "exports", "model")) {
            if (Files.isDirectory(run.resolve(name))) {
                try (Stream<Path> all = Files.walk(run.resolve(name))) {
                    for (Path file : all.filter(Files::isRegularFile).toList()) {
                        files.put(run.relativize(file).toString(), Durable.sha256(file));
                    }
                }
            }
        }
        return files;
    }

    /// The final metrics without times, memory and what resuming warned of.
    static Map<String, JsonNode> metrics(Path run) {
        var metrics = new TreeMap<String, JsonNode>();
        JsonMapper.shared()
                .readTree(run.resolve("metrics.json").toFile())
                .properties()
                .forEach(p -> metrics.put(p.getKey(), p.getValue()));
        List.of("seconds", "initialisation", "peak_rss_mib", "planned_peak_mib", "warnings")
                .forEach(metrics::remove);
        return metrics;
    }

    /// Steps, evaluations and alignments as they were recorded, without times.
    static List<String> history(Path run) {
        return RunEvents.read(run).stream()
                .filter(e -> List.of("step", "eval", "align").contains(e.path("event").asString()))
                .filter(e -> e.has("step"))
                .map(
                        e -> {
                            var fields = new TreeMap<String, String>();
                            e.properties()
                                    .forEach(p -> fields.put(p.getKey(), p.getValue().toString()));
                            List.of("time", "ms").forEach(fields::remove);
                            return fields.toString();
                        })
                .toList();
    }

    /// Names of the checkpoints that are there.
    static List<String> checkpoints(Path run) throws IOException {
        try (Stream<Path> all = Files.list(run.resolve("checkpoints"))) {
            return all.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
