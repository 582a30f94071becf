package cglora.pipeline.run;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// What parts of a run took, from its events.
record RunTimes(List<JsonNode> events) {
    private List<JsonNode> of(String kind) {
        return events.stream().filter(e -> e.path("event").asString("").equals(kind)).toList();
    }

    /// Of a stage; 0 for one that has not been run.
    double stageSeconds(String id) {
        return of("stage").stream()
                .filter(e -> e.path("stage").asString("").equals(id))
                .mapToDouble(e -> e.path("seconds").asDouble())
                .sum();
    }

    /// Of the steps of a training that were recorded.
    double[] stepSeconds(String id) {
        return of("step").stream()
                .filter(e -> e.path("stage").asString("").equals(id))
                .mapToDouble(e -> e.path("ms").asDouble() * 1e-3)
                .toArray();
    }

    /// From the end of the stage before to the measured head; 0 where none was fitted.
    double headSeconds() {
        Instant before = null;
        boolean fitted = false;
        for (JsonNode event : events) {
            String kind = event.path("event").asString("");
            if (kind.equals("head")) {
                fitted = true;
            } else if (kind.equals("stage") && !fitted) {
                before = time(event);
            } else if (fitted && before != null && (kind.equals("eval") || kind.equals("stage"))) {
                // without examples to measure on the head's own event is near enough
                JsonNode end = kind.equals("eval") ? event : of("head").getFirst();
                return Duration.between(before, time(end)).toNanos() * 1e-9;
            }
        }
        return 0;
    }

    /// Of the whole run.
    double seconds() {
        return of("end").stream().mapToDouble(e -> e.path("seconds").asDouble(0)).sum();
    }

    private static Instant time(JsonNode event) {
        return Instant.parse(event.path("time").asString(""));
    }
}
