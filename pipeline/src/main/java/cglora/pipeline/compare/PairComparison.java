package cglora.pipeline.compare;

import cglora.pipeline.report.Page;
import cglora.pipeline.report.Table;
import cglora.pipeline.spec.JsonText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Two runs side by side: the settings that differ first, then what came of them.
///
/// @param base  the one that is compared with
/// @param other the one in question
public record PairComparison(RunRecord base, RunRecord other) {
    /// Settings that say where a run lies.
    private static final Set<String> PLACES = Set.of("output_dir", "name");

    private static final String ONE_EACH = "One run each says nothing of how seeds spread.";

    private Table settings() {
        var rows = new ArrayList<List<String>>();
        for (String path :
                GridComparison.differing(List.of(base, other), p -> !PLACES.contains(p))) {
            rows.add(
                    List.of(
                            path,
                            GridComparison.value(base, path),
                            GridComparison.value(other, path)));
        }
        return new Table(List.of("setting", "base", "other"), rows);
    }

    /// State, metric, both values and their difference.
    private Table metrics() {
        var rows = new ArrayList<List<String>>();
        var states = new LinkedHashSet<>(base.states().keySet());
        states.addAll(other.states().keySet());
        for (String state : states) {
            Map<String, Double> left = base.states().getOrDefault(state, Map.of());
            Map<String, Double> right = other.states().getOrDefault(state, Map.of());
            var metrics = new LinkedHashSet<>(left.keySet());
            metrics.addAll(right.keySet());
            for (String metric : metrics) {
                row(
                        rows,
                        state + ": " + metric,
                        left.getOrDefault(metric, Double.NaN),
                        right.getOrDefault(metric, Double.NaN));
            }
        }
        row(rows, "initialisation, s", base.start().seconds(), other.start().seconds());
        row(rows, "initialisation, MiB", base.start().plannedMiB(), other.start().plannedMiB());
        row(rows, "whole run, s", base.seconds(), other.seconds());
        return new Table(List.of("measured", "base", "other", "other - base"), rows);
    }

    private static void row(List<List<String>> rows, String what, double left, double right) {
        rows.add(
                List.of(
                        what,
                        GridTables.number(left),
                        GridTables.number(right),
                        GridTables.number(right - left)));
    }

    /// The validation loss on the way.
    private Table curves() {
        var steps = new TreeMap<Integer, double[]>();
        fill(steps, base, 0);
        fill(steps, other, 1);
        var rows = new ArrayList<List<String>>();
        steps.forEach(
                (step, losses) ->
                        rows.add(
                                List.of(
                                        String.valueOf(step),
                                        GridTables.number(losses[0]),
                                        GridTables.number(losses[1]))));
        return new Table(List.of("step", "validation loss, base", "other"), rows);
    }

    private static void fill(TreeMap<Integer, double[]> steps, RunRecord run, int column) {
        for (RunRecord.Point point : run.curve()) {
            steps.computeIfAbsent(point.step(), _ -> new double[] {Double.NaN, Double.NaN})[
                            column] =
                    point.values().getOrDefault("loss", Double.NaN);
        }
    }

    private Table about() {
        var keys = new LinkedHashSet<>(base.about().keySet());
        keys.addAll(other.about().keySet());
        var rows = new ArrayList<List<String>>();
        for (String key : keys) {
            rows.add(
                    List.of(
                            key,
                            base.about().getOrDefault(key, "-"),
                            other.about().getOrDefault(key, "-")));
        }
        return new Table(List.of("made by", "base", "other"), rows);
    }

    private Map<String, Table> tables() {
        var tables = new LinkedHashMap<String, Table>();
        tables.put("Settings that differ", settings());
        tables.put("Measured", metrics());
        tables.put("Along training", curves());
        tables.put("Versions and devices", about());
        return tables;
    }

    private List<String> heads() {
        return List.of("base   " + base.name(), "other  " + other.name());
    }

    public String markdown() {
        var text = new StringBuilder();
        heads().forEach(line -> text.append(line).append("\n\n"));
        tables().values().forEach(table -> text.append(table.markdown()).append('\n'));
        return text.append(ONE_EACH).append('\n').toString();
    }

    public String csv() {
        return metrics().csv();
    }

    public String html() {
        var html = new StringBuilder(Page.list(heads()));
        tables().forEach(
                        (title, table) ->
                                html.append("<h3>")
                                        .append(Page.escape(title))
                                        .append("</h3>\n")
                                        .append(Page.table(table)));
        html.append("<p>").append(ONE_EACH).append("</p>\n");
        return Page.of("cglora compare", "Two runs", "", html);
    }

    public String json() {
        var all = new LinkedHashMap<String, Object>();
        all.put("base", base.name());
        all.put("other", other.name());
        tables().forEach(
                        (title, table) -> {
                            var rows = new ArrayList<Object>();
                            for (List<String> row : table.rows()) {
                                var of = new LinkedHashMap<String, Object>();
                                for (int i = 0; i < row.size(); i++) {
                                    of.put(table.head().get(i), row.get(i));
                                }
                                rows.add(of);
                            }
                            all.put(title, rows);
                        });
        return JsonText.write(all);
    }
}
