package cglora.pipeline.compare;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.run.RunEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads the folders of runs. Runs that did not come to their end are left out with a warning.
public final class RunReader {
    private static final Set<String> NOT_FINITE = Set.of("NaN", "Infinity", "-Infinity");

    private RunReader() {}

    /// Whether the folder is that of one run.
    public static boolean isRun(Path folder) {
        return Files.isRegularFile(folder.resolve(RunEvents.FILE));
    }

    /// All finished runs of these folders: each a run, or a folder of runs such as a grid's.
    ///
    /// @param notes is told of runs that are left out
    /// @throws CgloraException P-USAGE or D-FORMAT where there is nothing to compare
    public static List<RunRecord> read(List<Path> folders, Problems notes) {
        var runs = new ArrayList<RunRecord>();
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                throw new CgloraException(
                        ErrorCode.P_USAGE,
                        folder.toString(),
                        "is not a folder",
                        "give folders of runs or grids");
            }
            List<Path> places = isRun(folder) ? List.of(folder) : within(folder);
            int left = 0;
            for (Path place : places) {
                RunRecord run = read(place);
                if (run == null) {
                    left++;
                } else {
                    runs.add(run);
                }
            }
            left += missing(folder);
            if (left > 0) {
                notes.warning(
                        ErrorCode.P_VALUE,
                        folder.toString(),
                        left + " runs are not finished, or failed, and are left out",
                        "cglora run again with the same options goes on with them");
            }
        }
        if (runs.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    folders.getFirst().toString(),
                    "holds no finished run",
                    "run a pipeline with --grid first");
        }
        return runs;
    }

    private static List<Path> within(Path folder) {
        try (var files = Files.list(folder)) {
            return files.filter(f -> !Files.isSymbolicLink(f) && isRun(f)).sorted().toList();
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
    }

    /// Cells that a grid has not begun.
    private static int missing(Path folder) {
        Path grid = folder.resolve("grid.json");
        int missing = 0;
        if (Files.isRegularFile(grid)) {
            for (JsonNode cell : json(grid).path("cells")) {
                missing += cell.path("folder").isMissingNode() ? 1 : 0;
            }
        }
        return missing;
    }

    private static CgloraException unreadable(Path file, Exception e) {
        return new CgloraException(
                ErrorCode.D_FORMAT,
                file.toString(),
                "cannot be read as a run's: " + e.getMessage(),
                "leave it out",
                e);
    }

    private static JsonNode json(Path file) {
        try {
            return JsonMapper.shared().readTree(file.toFile());
        } catch (JacksonException e) {
            throw unreadable(file, e);
        }
    }

    /// Null where the run has not come to its end.
    private static RunRecord read(Path folder) {
        List<JsonNode> events = RunEvents.read(folder);
        if (!RunEvents.isFinished(folder, events)) {
            return null;
        }
        JsonNode metrics = json(folder.resolve("metrics.json"));
        var states = new LinkedHashMap<String, Map<String, Double>>();
        metrics.properties()
                .forEach(
                        p -> {
                            if (p.getValue().isObject() && !p.getKey().equals("initialisation")) {
                                states.put(p.getKey(), numbers(p.getValue()));
                            }
                        });
        JsonNode start = metrics.path("initialisation");
        JsonNode alignment = metrics.path("alignment");
        return new RunRecord(
                folder.toString(),
                settings(json(folder.resolve("pipeline.json"))),
                states,
                curve(folder, events),
                metrics.path("seconds").asDouble(Double.NaN),
                new RunRecord.Start(
                        start.path("seconds").asDouble(Double.NaN),
                        start.path("planned_mib").asDouble(Double.NaN)),
                alignment.isEmpty() ? Map.of() : numbers(alignment.get(alignment.size() - 1)),
                about(json(folder.resolve("run.json"))));
    }

    private static Map<String, Double> numbers(JsonNode object) {
        var numbers = new LinkedHashMap<String, Double>();
        object.properties()
                .forEach(
                        p -> {
                            if (p.getValue().isNumber()) {
                                numbers.put(p.getKey(), p.getValue().asDouble());
                            } else if (NOT_FINITE.contains(p.getValue().asString(""))) {
                                numbers.put(p.getKey(), Double.NaN);
                            }
                        });
        return numbers;
    }

    private static List<RunRecord.Point> curve(Path folder, List<JsonNode> events) {
        var curve = new ArrayList<RunRecord.Point>();
        Instant begin = null;
        for (JsonNode event : events) {
            String kind = event.path("event").asString("");
            if (kind.equals("step") && begin == null) {
                begin =
                        time(folder, event)
                                .minusNanos(Math.round(event.path("ms").asDouble(0) * 1e6));
            }
            if (!kind.equals("eval") || !event.has("step")) {
                continue;
            }
            Map<String, Double> values = numbers(event);
            values.remove("step");
            values.remove("v");
            curve.add(
                    new RunRecord.Point(
                            event.path("step").asInt(),
                            begin == null
                                    ? 0
                                    : Duration.between(begin, time(folder, event)).toNanos() * 1e-9,
                            values,
                            event.path("best").asBoolean(false)));
        }
        return curve;
    }

    private static Instant time(Path folder, JsonNode event) {
        try {
            return Instant.parse(event.path("time").asString(""));
        } catch (DateTimeParseException e) {
            throw unreadable(folder.resolve(RunEvents.FILE), e);
        }
    }

    /// `train.learning_rate`, `seed`, `adapter.cg.damping`: texts by the paths of `--set`.
    private static Map<String, String> settings(JsonNode pipeline) {
        var settings = new LinkedHashMap<String, String>();
        pipeline.properties()
                .forEach(
                        p -> {
                            if (!p.getKey().equals("stages")) {
                                flatten(p.getKey(), p.getValue(), settings);
                            }
                        });
        for (JsonNode stage : pipeline.path("stages")) {
            String id = stage.path("id").asString(stage.path("stage").asString(""));
            stage.properties()
                    .forEach(
                            p -> {
                                if (!List.of("stage", "id").contains(p.getKey())) {
                                    flatten(id + "." + p.getKey(), p.getValue(), settings);
                                }
                            });
        }
        return settings;
    }

    private static void flatten(String path, JsonNode value, Map<String, String> settings) {
        if (value.isObject() && !value.isEmpty()) {
            value.properties()
                    .forEach(p -> flatten(path + "." + p.getKey(), p.getValue(), settings));
        } else {
            settings.put(path, value.isString() ? value.asString() : value.toString());
        }
    }

    private static Map<String, String> about(JsonNode run) {
        var about = new LinkedHashMap<String, String>();
        for (String key :
                List.of(
                        "version",
                        "commit",
                        "java",
                        "engine",
                        "device",
                        "device_driver",
                        "tornadovm",
                        "threads",
                        "openblas",
                        "model")) {
            if (run.has(key)) {
                about.put(key, run.path(key).asString(run.path(key).toString()));
            }
        }
        return about;
    }
}
