package cglora.pipeline.compare;

import cglora.pipeline.report.LineChart;
import cglora.pipeline.report.Page;
import cglora.pipeline.report.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Finished runs side by side, a column each: the settings that differ, what was measured, and
/// versions and devices that differ.
///
/// @param runs at least one
record RunsComparison(List<RunRecord> runs) {
    /// Settings that say where a run lies.
    private static final Set<String> PLACES = Set.of("output_dir", "name");

    private List<String> head(String first) {
        var head = new ArrayList<>(List.of(first));
        IntStream.rangeClosed(1, runs.size()).forEach(i -> head.add("run " + i));
        return head;
    }

    private Table settings() {
        return table(
                "setting",
                GridComparison.differing(runs, path -> !PLACES.contains(path)),
                (run, path) -> GridComparison.value(run, path));
    }

    private Table measured() {
        var rows = new LinkedHashMap<String, Function<RunRecord, Double>>();
        for (RunRecord run : runs) {
            run.states()
                    .forEach(
                            (state, metrics) ->
                                    metrics.keySet()
                                            .forEach(
                                                    metric ->
                                                            rows.put(
                                                                    state + ": " + metric,
                                                                    r -> of(r, state, metric))));
        }
        rows.put("initialisation, s", r -> r.start().seconds());
        rows.put("whole run, s", RunRecord::seconds);
        return table(
                "measured",
                rows.keySet(),
                (run, row) -> GridTables.number(rows.get(row).apply(run)));
    }

    private static double of(RunRecord run, String state, String metric) {
        return run.states().getOrDefault(state, Map.of()).getOrDefault(metric, Double.NaN);
    }

    private Table about() {
        var keys = new LinkedHashSet<String>();
        runs.forEach(run -> keys.addAll(run.about().keySet()));
        keys.removeIf(
                key ->
                        runs.stream().map(r -> r.about().getOrDefault(key, "-")).distinct().count()
                                == 1);
        return table("made by", keys, (run, key) -> run.about().getOrDefault(key, "-"));
    }

    private interface Cell {
        String of(RunRecord run, String row);
    }

    private Table table(String first, Iterable<String> names, Cell cell) {
        var rows = new ArrayList<List<String>>();
        for (String name : names) {
            var row = new ArrayList<>(List.of(name));
            runs.forEach(run -> row.add(cell.of(run, name)));
            rows.add(row);
        }
        return new Table(head(first), rows);
    }

    private Map<String, Table> tables() {
        var tables = new LinkedHashMap<String, Table>();
        tables.put("Settings that differ", settings());
        tables.put("Measured", measured());
        tables.put("Versions and devices that differ", about());
        tables.values().removeIf(table -> table.rows().isEmpty());
        return tables;
    }

    private List<String> names() {
        return IntStream.range(0, runs.size())
                .mapToObj(i -> "run " + (i + 1) + "  " + runs.get(i).name())
                .toList();
    }

    String markdown() {
        var text = new StringBuilder();
        names().forEach(name -> text.append("- ").append(name).append('\n'));
        tables().forEach(
                        (title, table) ->
                                text.append("\n### ")
                                        .append(title)
                                        .append("\n\n")
                                        .append(table.markdown()));
        return text.toString();
    }

    /// For JSON.
    Map<String, Object> record() {
        var all = new LinkedHashMap<String, Object>();
        all.put("runs", runs.stream().map(RunRecord::name).toList());
        tables().forEach(
                        (title, table) -> {
                            var rows = new LinkedHashMap<String, Object>();
                            table.rows()
                                    .forEach(
                                            row ->
                                                    rows.put(
                                                            row.getFirst(),
                                                            row.subList(1, row.size())));
                            all.put(title, rows);
                        });
        return all;
    }

    String html() {
        var html = new StringBuilder("<h2>Side by side</h2>\n").append(Page.key(names()));
        html.append(chart());
        tables().forEach(
                        (title, table) ->
                                html.append("<h3>")
                                        .append(Page.escape(title))
                                        .append("</h3>\n")
                                        .append(Page.table(table)));
        return html.toString();
    }

    /// The validation losses over the steps; empty where nothing was evaluated on the way.
    private String chart() {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        int last = 1;
        for (RunRecord run : runs) {
            for (RunRecord.Point point : run.curve()) {
                double loss = point.values().getOrDefault("loss", Double.NaN);
                low = Double.isFinite(loss) ? Math.min(low, loss) : low;
                high = Double.isFinite(loss) ? Math.max(high, loss) : high;
                last = Math.max(last, point.step());
            }
        }
        if (low > high) {
            return "";
        }
        var chart = new LineChart("Validation loss", low, high);
        chart.tick(0, "start", "step 0");
        chart.tick(1, "end", String.valueOf(last));
        for (int i = 0; i < runs.size(); i++) {
            int end = last;
            String name = "run " + (i + 1);
            chart.curve(
                    runs.get(i).curve().stream().map(p -> point(p, end, name)).toList(),
                    Page.color(i));
        }
        return "<div class=\"charts\">" + chart.html() + "</div>\n";
    }

    private static LineChart.Point point(RunRecord.Point point, int last, String name) {
        double loss = point.values().getOrDefault("loss", Double.NaN);
        return new LineChart.Point(
                (double) point.step() / last,
                loss,
                Double.NaN,
                point.best(),
                name + ", step " + point.step() + ": " + GridTables.number(loss));
    }
}
