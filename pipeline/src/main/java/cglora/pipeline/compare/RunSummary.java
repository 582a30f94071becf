package cglora.pipeline.compare;

import cglora.pipeline.report.RunHistory;
import cglora.pipeline.run.RunEvents;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// One run in a line.
///
/// @param folder  of the run
/// @param name    of its pipeline
/// @param state   how far it has come
/// @param method  of the adapter; `full` where all weights are trained, empty where nothing is
/// @param seed    as it was recorded; empty where it was not
/// @param steps   of training that were made
/// @param split   that the metrics are of: `after training, test`; empty for none
/// @param metrics of the last state that was measured
/// @param begun   when, UTC; empty where it is not known
/// @param seconds of the whole run; NaN where it did not come to its end
record RunSummary(
        Path folder,
        String name,
        State state,
        String method,
        String seed,
        int steps,
        String split,
        Map<String, Double> metrics,
        String begun,
        double seconds) {
    /// How far a run has come.
    enum State {
        DONE,
        INTERRUPTED,
        FAILED,
        /// Running, or killed: the folder does not tell.
        UNFINISHED;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int INTERRUPT = 130;
    private static final int TERMINATE = 143;

    static RunSummary of(Path folder) {
        RunHistory run = RunHistory.read(folder, RunEvents.read(folder));
        JsonNode begin = run.last("run");
        String split = "";
        var metrics = new LinkedHashMap<String, Double>();
        for (Map.Entry<String, JsonNode> state : run.states().entrySet()) {
            split = state.getKey();
            metrics.clear();
            for (Map.Entry<String, JsonNode> value : state.getValue().properties()) {
                if (value.getValue().isNumber() && !value.getKey().equals("v")) {
                    metrics.put(value.getKey(), value.getValue().asDouble());
                }
            }
        }
        var steps = run.bySteps("step");
        return new RunSummary(
                folder,
                begin.path("name").asString(""),
                state(run.end()),
                method(run.pipeline()),
                begin.has("seed") ? begin.path("seed").toString() : "",
                steps.isEmpty() ? 0 : steps.lastKey(),
                split,
                metrics,
                begin.path("time").asString("").replaceFirst("\\.\\d+Z$", "Z"),
                run.end().path("seconds").asDouble(Double.NaN));
    }

    private static State state(JsonNode end) {
        if (end.isMissingNode()) {
            return State.UNFINISHED;
        }
        return switch (end.path("exit").asInt(1)) {
            case 0 -> State.DONE;
            case INTERRUPT, TERMINATE -> State.INTERRUPTED;
            default -> State.FAILED;
        };
    }

    private static String method(String pipeline) {
        if (pipeline.isEmpty()) {
            return "";
        }
        String method = "";
        try {
            for (JsonNode stage : JsonMapper.shared().readTree(pipeline).path("stages")) {
                boolean on = stage.path("when").asBoolean(true);
                switch (stage.path("stage").asString("")) {
                    case "adapter" -> method = on ? stage.path("method").asString("") : method;
                    case "train" -> method = on && method.isEmpty() ? "full" : method;
                    default -> {}
                }
            }
        } catch (JacksonException e) {
            return "?"; // the run's own page says what is wrong with the file
        }
        return method;
    }

    /// The metric beside the loss, or the loss.
    Map.Entry<String, Double> metric() {
        return metrics.entrySet().stream()
                .filter(e -> !e.getKey().equals("loss"))
                .findFirst()
                .or(() -> metrics.entrySet().stream().findFirst())
                .orElse(Map.entry("", Double.NaN));
    }
}
