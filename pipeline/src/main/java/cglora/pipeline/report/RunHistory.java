package cglora.pipeline.report;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What a run's folder tells of it, also of one that was killed or has failed.
///
/// @param folder   of the run, under its own name
/// @param events   of `events.jsonl`, in their order
/// @param metrics  of `metrics.json`; missing where the run did not come to its end
/// @param about    of `run.json`; missing where it did not come to its data
/// @param pipeline the text of `pipeline.json`; empty where there is none
public record RunHistory(
        Path folder, List<JsonNode> events, JsonNode metrics, JsonNode about, String pipeline) {
    public RunHistory {
        events = List.copyOf(events);
    }

    /// @throws CgloraException D-FORMAT where a file is there and cannot be read
    public static RunHistory read(Path folder, List<JsonNode> events) {
        return new RunHistory(
                folder,
                events,
                json(folder.resolve("metrics.json")),
                json(folder.resolve("run.json")),
                text(folder.resolve("pipeline.json")));
    }

    private static String text(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static JsonNode json(Path file) {
        String text = text(file);
        try {
            return JsonMapper.shared().readTree(text.isBlank() ? "{}" : text);
        } catch (JacksonException e) {
            throw unreadable(file, e);
        }
    }

    private static CgloraException unreadable(Path file, Exception e) {
        return new CgloraException(
                ErrorCode.D_FORMAT,
                file.toString(),
                "cannot be read as a run's: " + e.getMessage(),
                "take the folder's files from where they were written",
                e);
    }

    /// The events of one kind.
    List<JsonNode> events(String kind) {
        return events.stream().filter(e -> kind.equals(e.path("event").asString(""))).toList();
    }

    /// The last event of one kind; missing where there is none.
    public JsonNode last(String kind) {
        List<JsonNode> all = events(kind);
        return all.isEmpty() ? JsonMapper.shared().missingNode() : all.getLast();
    }

    /// The end, where it is the last that happened.
    public JsonNode end() {
        boolean ended =
                !events.isEmpty() && "end".equals(events.getLast().path("event").asString(""));
        return ended ? events.getLast() : JsonMapper.shared().missingNode();
    }

    /// Events with a step, by the step: what was done again counts as it was the last time.
    public TreeMap<Integer, JsonNode> bySteps(String kind) {
        var steps = new TreeMap<Integer, JsonNode>();
        for (JsonNode event : events(kind)) {
            if (event.has("step")) {
                steps.put(event.path("step").asInt(), event);
            }
        }
        return steps;
    }

    /// Metrics by the state of the model, `head only` and so on, in the order they were measured.
    public Map<String, JsonNode> states() {
        var states = new LinkedHashMap<String, JsonNode>();
        for (JsonNode event : events("eval")) {
            if (event.has("state")) {
                states.put(event.path("state").asString(""), event);
            }
        }
        return states;
    }

    /// Counts of [true class][predicted class] by state.
    Map<String, long[][]> confusions() {
        var confusions = new LinkedHashMap<String, long[][]>();
        for (JsonNode event : events("confusion")) {
            JsonNode rows = event.path("counts");
            long[][] counts = new long[rows.size()][];
            for (int i = 0; i < counts.length; i++) {
                counts[i] = longs(rows.get(i));
            }
            confusions.put(event.path("state").asString(""), counts);
        }
        return confusions;
    }

    /// What was counted of entities of each type, by state.
    Map<String, JsonNode> entities() {
        var entities = new LinkedHashMap<String, JsonNode>();
        for (JsonNode event : events("entities")) {
            entities.put(event.path("state").asString(""), event.path("types"));
        }
        return entities;
    }

    List<String> labels() {
        return strings(about.path("labels"));
    }

    static long[] longs(JsonNode array) {
        long[] values = new long[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).asLong();
        }
        return values;
    }

    static List<String> strings(JsonNode array) {
        var texts = new ArrayList<String>();
        array.forEach(node -> texts.add(node.asString("")));
        return texts;
    }

    /// NaN where it is none; events hold what is not finite as text.
    static double number(JsonNode node) {
        return node.isNumber() ? node.asDouble() : Double.NaN;
    }
}
