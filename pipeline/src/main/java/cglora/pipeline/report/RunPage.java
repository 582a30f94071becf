package cglora.pipeline.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// A run as one HTML page that needs nothing else: the outcome and the warnings first, then the
/// curves, the classes, the adapter, what it took and where it comes from.
public final class RunPage {
    private static final String STYLE =
            """
            .verdict { border-left: .4rem solid #009e73; padding: .3rem .8rem; background: #f4f4f4; }
            .verdict.bad { border-color: #d55e00; }
            .verdict strong { font-size: 1.1rem; }
            .warnings li { color: #8a3a00; }
            dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .8rem;
                 font-size: .85rem; }
            dt { font-weight: 600; max-width: 14rem; overflow-wrap: anywhere; }
            dd { margin: 0; overflow-wrap: anywhere; }
            pre, code { font: .8rem/1.35 ui-monospace, monospace; }
            pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4;
                  padding: .5rem; }
            code { overflow-wrap: anywhere; }
            summary { cursor: pointer; font-weight: 600; }
            table.counts td { min-width: 2.2rem; print-color-adjust: exact;
                              -webkit-print-color-adjust: exact; }
            svg.matrix { max-width: 34rem; }
            figure .key { margin: .2rem 0; font-size: .8rem; }
            @media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
            @media print { h2 { break-after: avoid; } tr { break-inside: avoid; } }
            """;

    private final RunHistory run;
    private final StringBuilder html = new StringBuilder();

    private RunPage(RunHistory run) {
        this.run = run;
    }

    public static String html(RunHistory run) {
        return new RunPage(run).page();
    }

    private String page() {
        JsonNode begin = run.last("run");
        String name = begin.path("name").asString("run");
        verdict();
        warnings();
        html.append(Provenance.facts(summary(begin)));
        states();
        String curves = RunCharts.html(run);
        if (!curves.isEmpty()) {
            html.append("<h2>Along training</h2>\n").append(curves);
        }
        alignment();
        html.append(EntityTable.html(run));
        html.append(ClassTables.html(run));
        html.append(SpectrumTable.html(run));
        html.append(RunCosts.time(run));
        html.append(RunCosts.memory(run));
        data();
        html.append(Provenance.html(run));
        String folder = run.folder().getFileName().toString();
        return Page.of(
                name + " " + folder,
                name + ", " + folder,
                STYLE + StackedBars.STYLE + SpectrumTable.STYLE,
                html);
    }

    /// How it ended, and the last figures.
    private void verdict() {
        JsonNode end = run.end();
        int exit = end.path("exit").asInt(-1);
        String state =
                end.isMissingNode()
                        ? "Not finished: it is running, or was killed"
                        : exit == 0
                                ? "Done"
                                : exit == 130 || exit == 143 ? "Interrupted" : "Failed";
        html.append("<div class=\"verdict").append(exit == 0 ? "" : " bad").append("\"><strong>");
        html.append(state).append("</strong>");
        if (end.has("seconds")) {
            html.append(" in ").append(RunCosts.seconds(end.path("seconds").asDouble()));
        }
        if (exit > 0) {
            html.append(", exit status ").append(exit).append(": ");
            html.append(Page.escape(end.path("reason").asString("")));
        }
        String last = "";
        JsonNode values = null;
        for (Map.Entry<String, JsonNode> e : run.states().entrySet()) {
            last = e.getKey();
            values = e.getValue();
        }
        if (values != null) {
            html.append("<br>").append(Page.escape(last)).append(": ");
            html.append(Page.escape(numbers(values)));
        }
        html.append("</div>\n");
    }

    private static String numbers(JsonNode event) {
        var text = new ArrayList<String>();
        event.properties()
                .forEach(
                        p -> {
                            if (p.getValue().isNumber() && !p.getKey().equals("v")) {
                                text.add(p.getKey() + " " + number(p.getValue()));
                            }
                        });
        return String.join(", ", text);
    }

    private void warnings() {
        List<String> lines =
                run.events("warning").stream()
                        .map(
                                w ->
                                        "%s %s: %s"
                                                .formatted(
                                                        w.path("code").asString(""),
                                                        w.path("where").asString(""),
                                                        w.path("what").asString("")))
                        .distinct()
                        .toList();
        if (!lines.isEmpty()) {
            html.append("<h2>Warnings</h2>\n<div class=\"warnings\">");
            html.append(Page.list(lines)).append("</div>\n");
        }
    }

    private List<List<String>> summary(JsonNode begin) {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("begun", begin.path("time").asString("").replaceFirst("\\.\\d+Z", "Z")));
        rows.add(
                List.of(
                        "computed by",
                        run.about().path("engine").asString(begin.path("device").asString(""))));
        rows.add(List.of("seed", begin.path("seed").toString()));
        for (JsonNode again : run.events("resume")) {
            rows.add(
                    List.of(
                            "went on",
                            "%s, after step %s"
                                    .formatted(
                                            again.path("time")
                                                    .asString("")
                                                    .replaceFirst("\\.\\d+Z", "Z"),
                                            again.path("step"))));
        }
        for (JsonNode stage : run.events("stage")) {
            rows.add(List.of(stage.path("stage").asString(""), stage.path("detail").asString("")));
        }
        return rows;
    }

    /// Metrics before and after.
    private void states() {
        Map<String, JsonNode> states = run.states();
        if (states.isEmpty()) {
            return;
        }
        var metrics = new LinkedHashSet<String>();
        for (JsonNode event : states.values()) {
            event.properties()
                    .forEach(
                            p -> {
                                if (p.getValue().isNumber() && !p.getKey().equals("v")) {
                                    metrics.add(p.getKey());
                                }
                            });
        }
        var head = new ArrayList<>(List.of("state of the model"));
        head.addAll(metrics);
        var rows = new ArrayList<List<String>>();
        states.forEach(
                (state, event) -> {
                    var row = new ArrayList<>(List.of(state));
                    metrics.forEach(metric -> row.add(number(event.path(metric))));
                    rows.add(row);
                });
        html.append("<h2>Before and after</h2>\n").append(Page.table(new Table(head, rows)));
    }

    private void alignment() {
        var steps = run.bySteps("align");
        if (steps.isEmpty()) {
            return;
        }
        var keys = List.of("distance", "cosine", "kl", "agreement");
        var head = new ArrayList<>(List.of("step"));
        head.addAll(keys);
        var rows = new ArrayList<List<String>>();
        steps.forEach(
                (step, event) -> {
                    var row = new ArrayList<>(List.of(step.toString()));
                    keys.forEach(key -> row.add(number(event.path(key))));
                    rows.add(row);
                });
        html.append("<h2>Beside full fine-tuning</h2>\n<p>");
        html.append(Page.escape(AlignmentReport.LEGEND)).append("</p>\n");
        html.append(Page.table(new Table(head, rows)));
    }

    private void data() {
        JsonNode data = run.last("data");
        var rows = new ArrayList<List<String>>();
        for (String split : List.of("train", "validation", "test")) {
            JsonNode of = data.path(split);
            if (of.has("examples")) {
                rows.add(
                        List.of(
                                split,
                                of.path("examples").toString(),
                                of.path("truncated").toString(),
                                of.path("longest").toString(),
                                balance(RunHistory.longs(of.path("labels")))));
            }
        }
        if (!rows.isEmpty()) {
            html.append("<h2>Data</h2>\n");
            html.append(
                    Page.table(
                            new Table(
                                    List.of(
                                            "split",
                                            "examples",
                                            "cut at max_length",
                                            "longest, tokens",
                                            "examples a class"),
                                    rows)));
        }
    }

    private static String balance(long[] counts) {
        if (counts.length == 0) {
            return "–";
        }
        long least = Long.MAX_VALUE;
        long most = 0;
        for (long count : counts) {
            least = Math.min(least, count);
            most = Math.max(most, count);
        }
        return least + " … " + most;
    }

    private static String number(JsonNode value) {
        double number = RunHistory.number(value);
        return Double.isNaN(number) ? "–" : String.format(Locale.ROOT, "%.4f", number);
    }
}
