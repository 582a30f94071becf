package cglora.pipeline.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// Entities by their type, before and after: how many there are, were found, and were right.
final class EntityTable {
    private EntityTable() {}

    /// HTML; empty where no entities were counted.
    static String html(RunHistory run) {
        Map<String, JsonNode> states = run.entities();
        if (states.isEmpty()) {
            return "";
        }
        var names = new ArrayList<>(states.keySet());
        String first = names.getFirst();
        String last = names.getLast();
        boolean both = !first.equals(last);
        var head =
                new ArrayList<>(
                        List.of("type", "entities", "found", "right", "precision", "recall", "F1"));
        if (both) {
            head.add("F1 before");
        }
        var rows = new ArrayList<List<String>>();
        for (JsonNode type : states.get(last)) {
            String name = type.path("type").asString("");
            var row = new ArrayList<String>();
            row.add(name);
            for (String count : List.of("entities", "found", "right")) {
                row.add(type.path(count).asString("0"));
            }
            for (String share : List.of("precision", "recall", "f1")) {
                row.add(share(type.path(share)));
            }
            if (both) {
                row.add(before(states.get(first), name));
            }
            rows.add(row);
        }
        return "<h2>Entities</h2>\n<p>"
                + Page.escape(last)
                + (both ? "; “before” is " + Page.escape(first) : "")
                + ".</p>\n"
                + Page.table(new Table(head, rows));
    }

    private static String before(JsonNode types, String name) {
        return types.valueStream()
                .filter(type -> type.path("type").asString("").equals(name))
                .map(type -> share(type.path("f1")))
                .findFirst()
                .orElse("–");
    }

    private static String share(JsonNode value) {
        return String.format(Locale.ROOT, "%.3f", RunHistory.number(value));
    }
}
