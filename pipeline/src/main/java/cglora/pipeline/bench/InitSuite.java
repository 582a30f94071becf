package cglora.pipeline.bench;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Calibration and CG-LoRA's initialisation, as the pipeline of the quickstart does them: each
/// repetition is a run of its own, with all compilation.
final class InitSuite {
    /// Runs that take most of a minute each are not repeated more often.
    private static final int MOST = 3;

    private static final String MODEL = "MiniLM r 8, 512 examples: ";

    private InitSuite() {}

    /// @param out what the runs print
    static List<Result> run(EngineChoice choice, int repetitions, PrintStream out) {
        int runs = Math.min(MOST, repetitions);
        Map<String, double[]> seconds = new LinkedHashMap<>();
        for (int i = 0; i < runs; i++) {
            int run = i;
            stages(choice, out)
                    .forEach(
                            (stage, time) ->
                                    seconds.computeIfAbsent(stage, _ -> new double[runs])[run] =
                                            time);
        }
        var results = new ArrayList<Result>();
        double[] whole = new double[runs];
        seconds.forEach(
                (stage, times) -> {
                    results.add(Result.of(Suite.INIT, MODEL + stage, Unit.SECONDS, times));
                    for (int i = 0; i < runs; i++) {
                        whole[i] += times[i];
                    }
                });
        results.add(Result.of(Suite.INIT, MODEL + "calibrate and adapter", Unit.SECONDS, whole));
        return results;
    }

    /// The seconds of the stages that initialise.
    private static Map<String, Double> stages(EngineChoice choice, PrintStream out) {
        try {
            Path folder = Files.createTempDirectory("cglora-bench");
            try {
                Path file = folder.resolve("init.json");
                try (InputStream pipeline = InitSuite.class.getResourceAsStream("init.json")) {
                    Files.copy(pipeline, file);
                }
                var reading = PipelineReader.read(file, Overrides.none());
                int status = new Runner(reading, choice, out, out, false, () -> 0).run();
                if (status != 0) {
                    throw new CgloraException(
                            ErrorCode.V_ENGINE,
                            choice.device(),
                            "the initialisation ended with status " + status,
                            "");
                }
                return seconds(folder.resolve("runs"));
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Double> seconds(Path runs) throws IOException {
        Map<String, Double> seconds = new LinkedHashMap<>();
        try (var files = Files.walk(runs)) {
            Path events = files.filter(f -> f.endsWith("events.jsonl")).findFirst().orElseThrow();
            for (String line : Files.readAllLines(events)) {
                JsonNode event = JsonMapper.shared().readTree(line);
                String stage = event.path("stage").asString("");
                if (stage.equals("calibrate") || stage.equals("adapter")) {
                    seconds.put(stage, event.path("seconds").doubleValue());
                }
            }
        }
        return seconds;
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
