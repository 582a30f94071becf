package cglora.pipeline.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// What a run took: time by stage and kernel family, memory by kind.
final class RunCosts {
    /// Colours that a row of bars may need.
    private static final int KINDS = 6;

    private static final double MIB = 1048576.0;
    /// Kinds of memory by the names that plans have for them.
    private static final Map<String, String> MEMORY =
            Map.ofEntries(
                    Map.entry("weights", "weights"),
                    Map.entry("activations", "activations"),
                    Map.entry("adapters", "adapters and optimiser"),
                    Map.entry("adapters and their state", "adapters and optimiser"),
                    Map.entry("second model", "second model"),
                    Map.entry("reference", "second model"),
                    Map.entry("its file or activations", "second model"),
                    Map.entry("JVM and libraries", "JVM, libraries, data"),
                    Map.entry("tokenizer and data", "JVM, libraries, data"),
                    Map.entry("checkpoint file", "JVM, libraries, data"),
                    Map.entry("held from before", "held from before"));

    private static final String WORKSPACE = "workspace";
    private static final List<String> MEMORY_KINDS =
            List.of(
                    "weights",
                    "adapters and optimiser",
                    "activations",
                    WORKSPACE,
                    "second model",
                    "held from before",
                    "JVM, libraries, data");

    private static final String OTHERS = "others";
    private static final String REST = "no kernel";

    private RunCosts() {}

    /// HTML; empty where no stage came to its end.
    static String time(RunHistory run) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (JsonNode event : run.events("stage")) {
            double time = event.path("seconds").asDouble(0);
            seconds.merge(event.path("stage").asString(""), time, Double::sum);
        }
        if (seconds.isEmpty()) {
            return "";
        }
        Map<String, Map<String, Double>> families = families(run);
        List<String> order = largest(families.values());
        var bars = new ArrayList<StackedBars.Bar>();
        seconds.forEach(
                (stage, time) -> {
                    var parts = gathered(families.getOrDefault(stage, Map.of()), order);
                    double counted = parts.values().stream().mapToDouble(Double::doubleValue).sum();
                    parts.put(REST, Math.max(0, time - counted));
                    bars.add(new StackedBars.Bar(stage, seconds(time), parts));
                });
        String what =
                families.isEmpty()
                        ? ""
                        : "<p>By the family of the kernels that ran"
                                + (isSampled(run)
                                        ? ", on the device, from a sample of the programs' executions"
                                        : "")
                                + ". “"
                                + REST
                                + "” is what no kernel did: reading, tokens, eigenvectors,"
                                + (isSampled(run) ? " compiling," : "")
                                + " waiting.</p>\n";
        return "<h2>Time by stage</h2>\n" + what + drawn(bars, order, REST, "%.2f s");
    }

    private static boolean isSampled(RunHistory run) {
        return run.last("kernels").path("sampled").asBoolean(false);
    }

    /// Seconds by stage and family.
    private static Map<String, Map<String, Double>> families(RunHistory run) {
        var byStage = new LinkedHashMap<String, Map<String, Double>>();
        for (JsonNode event : run.events("kernels")) {
            var of =
                    byStage.computeIfAbsent(
                            event.path("stage").asString(""), _ -> new LinkedHashMap<>());
            event.path("families")
                    .properties()
                    .forEach(
                            p ->
                                    of.merge(
                                            p.getKey(),
                                            p.getValue().path("seconds").asDouble(0),
                                            Double::sum));
        }
        return byStage;
    }

    /// HTML; empty where nothing was planned or measured.
    static String memory(RunHistory run) {
        double peak = RunHistory.number(run.metrics().path("peak_rss_mib"));
        for (JsonNode stage : run.events("stage")) {
            double now = RunHistory.number(stage.path("peak_rss_mib"));
            peak = Double.isNaN(peak) ? now : Math.max(peak, now);
        }
        var html = new StringBuilder();
        if (!Double.isNaN(peak)) {
            html.append("<p>The process held ").append(mib(peak)).append(" at most.</p>\n");
        }
        var stages = new ArrayList<String>();
        var kinds = new ArrayList<Map<String, Double>>();
        for (JsonNode stage : run.last("plan").path("stages")) {
            var parts = new LinkedHashMap<String, Double>();
            stage.path("bytes")
                    .properties()
                    .forEach(
                            p ->
                                    parts.merge(
                                            MEMORY.getOrDefault(p.getKey(), WORKSPACE),
                                            p.getValue().asDouble(0) / MIB,
                                            Double::sum));
            stages.add(stage.path("stage").asString(""));
            kinds.add(parts);
        }
        List<String> order =
                MEMORY_KINDS.stream()
                        .filter(kind -> kinds.stream().anyMatch(k -> k.containsKey(kind)))
                        .toList();
        var bars = new ArrayList<StackedBars.Bar>();
        for (int i = 0; i < stages.size(); i++) {
            var bar = new StackedBars.Bar(stages.get(i), "", gathered(kinds.get(i), order));
            bars.add(new StackedBars.Bar(bar.title(), mib(bar.sum()), bar.parts()));
        }
        if (!bars.isEmpty()) {
            html.append("<p>Planned, of the ")
                    .append(Page.escape(run.last("plan").path("of").asString("process")))
                    .append(" in each stage:</p>\n");
            html.append(drawn(bars, order, OTHERS, "%.1f MiB"));
        }
        return html.isEmpty() ? "" : "<h2>Memory by kind</h2>\n" + html;
    }

    /// The names of the parts that are largest somewhere, the largest first.
    private static List<String> largest(Collection<Map<String, Double>> all) {
        var most = new LinkedHashMap<String, Double>();
        all.forEach(parts -> parts.forEach((name, value) -> most.merge(name, value, Math::max)));
        return most.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(KINDS)
                .map(Map.Entry::getKey)
                .toList();
    }

    /// The parts in this order; those that it does not name are one.
    private static Map<String, Double> gathered(Map<String, Double> parts, List<String> order) {
        var gathered = new LinkedHashMap<String, Double>();
        order.forEach(name -> gathered.put(name, parts.getOrDefault(name, 0.0)));
        gathered.put(
                OTHERS,
                parts.entrySet().stream()
                        .filter(e -> !order.contains(e.getKey()))
                        .mapToDouble(Map.Entry::getValue)
                        .sum());
        return gathered;
    }

    private static String drawn(
            List<StackedBars.Bar> bars, List<String> order, String last, String form) {
        var names = new ArrayList<>(order);
        if (bars.stream().anyMatch(bar -> bar.parts().getOrDefault(OTHERS, 0.0) > 0)) {
            names.add(OTHERS);
        }
        if (!names.contains(last) && !last.equals(OTHERS)) {
            names.add(last);
        }
        return StackedBars.html(bars, names, form);
    }

    static String seconds(double seconds) {
        long whole = Math.round(seconds);
        return whole < 60
                ? String.format(Locale.ROOT, "%.1f s", seconds)
                : whole < 3600
                        ? String.format(Locale.ROOT, "%dm%02ds", whole / 60, whole % 60)
                        : String.format(Locale.ROOT, "%dh%02dm", whole / 3600, whole % 3600 / 60);
    }

    private static String mib(double mib) {
        return String.format(Locale.ROOT, "%.0f MiB", mib);
    }
}
