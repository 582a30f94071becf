package cglora.pipeline.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// Where a run comes from: versions, engine, files and the pipeline, and the command that repeats
/// it.
final class Provenance {
    /// Keys of `run.json` that have places of their own.
    private static final List<String> ELSEWHERE =
            List.of("cglora", "argv", "sha256", "taken", "labels");

    private static final Map<String, String> NAMES =
            Map.of(
                    "version", "cglora",
                    "engine_asked", "engine asked for",
                    "engine_why", "engine taken because",
                    "device_profile", "device profile",
                    "device_driver", "driver",
                    "tornadovm", "TornadoVM",
                    "java", "Java",
                    "openblas", "OpenBLAS");

    private Provenance() {}

    static String html(RunHistory run) {
        var html = new StringBuilder("<h2>Where it comes from</h2>\n");
        var rows = new ArrayList<List<String>>();
        run.about()
                .properties()
                .forEach(
                        p -> {
                            if (!ELSEWHERE.contains(p.getKey())) {
                                rows.add(
                                        List.of(
                                                NAMES.getOrDefault(p.getKey(), p.getKey()),
                                                p.getValue().asString(p.getValue().toString())));
                            }
                        });
        html.append(facts(rows));
        List<String> arguments = RunHistory.strings(run.about().path("argv"));
        if (!arguments.isEmpty()) {
            html.append("<h3>Command</h3>\n<pre>cglora ");
            html.append(
                    Page.escape(
                            String.join(" ", arguments.stream().map(Provenance::quoted).toList())));
            html.append("</pre>\n<p><code>cglora replay</code> with this run’s folder runs it");
            html.append(" again and compares the bits.</p>\n");
        }
        html.append(taken(run.about().path("taken")));
        var files = new ArrayList<List<String>>();
        for (Map.Entry<String, JsonNode> p : run.about().path("sha256").properties()) {
            files.add(List.of(p.getKey(), p.getValue().asString("")));
        }
        if (!files.isEmpty()) {
            html.append("<h3>SHA-256 of the files</h3>\n").append(facts(files));
        }
        if (!run.pipeline().isEmpty()) {
            html.append("<details><summary>The pipeline, with all defaults</summary>\n<pre>");
            html.append(Page.escape(run.pipeline())).append("</pre></details>\n");
        }
        return html.toString();
    }

    /// What stages took from earlier runs.
    private static String taken(JsonNode all) {
        var rows = new ArrayList<List<String>>();
        for (JsonNode one : all) {
            var text = new StringBuilder(one.path("what").asString(""));
            text.append(" of ").append(one.path("run").asString(one.path("place").asString("")));
            if (one.has("same_data")) {
                text.append(one.path("same_data").asBoolean() ? ", same data" : ", other data");
            }
            one.path("sha256")
                    .properties()
                    .forEach(
                            p ->
                                    text.append("; ")
                                            .append(p.getKey())
                                            .append(" SHA-256 ")
                                            .append(p.getValue().asString("")));
            rows.add(List.of(one.path("stage").asString(""), text.toString()));
        }
        return rows.isEmpty() ? "" : "<h3>Taken from elsewhere</h3>\n" + facts(rows);
    }

    /// Names and texts that may be long.
    static String facts(List<List<String>> rows) {
        var html = new StringBuilder("<dl>\n");
        for (List<String> row : rows) {
            html.append("<dt>").append(Page.escape(row.get(0))).append("</dt><dd>");
            html.append(Page.escape(row.get(1))).append("</dd>\n");
        }
        return html.append("</dl>\n").toString();
    }

    /// As a shell takes it.
    private static String quoted(String argument) {
        return argument.matches("[A-Za-z0-9_@%+=:,./-]+")
                ? argument
                : "'" + argument.replace("'", "'\\''") + "'";
    }
}
