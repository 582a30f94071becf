package cglora.pipeline.bench;

import cglora.pipeline.bench.Comparison.Column;
import cglora.pipeline.bench.Comparison.Row;
import cglora.pipeline.report.Table;
import cglora.pipeline.spec.JsonText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// A comparison as Markdown, CSV and JSON.
public final class ComparisonText {
    private ComparisonText() {}

    /// A line a test. Beside each median but the first stands how many times as good it is as the
    /// first; the best of a row in which all have a time is bold. A device that failed or has a
    /// wrong kernel has neither.
    public static String markdown(Comparison comparison) {
        var text = new StringBuilder();
        for (Column column : comparison.columns()) {
            text.append("- **").append(column.title()).append("**: ");
            text.append(about(column)).append('\n');
        }
        var head = new ArrayList<String>(List.of("suite", "test", "unit"));
        comparison.columns().forEach(column -> head.add(column.heading()));
        var rows = new ArrayList<List<String>>();
        for (Row row : comparison.rows()) {
            var cells = new ArrayList<String>();
            cells.add(row.suite().toString());
            cells.add(row.test());
            cells.add(row.unit().toString());
            int best = row.best();
            for (int c = 0; c < row.results().size(); c++) {
                String cell = cell(row, c);
                cells.add(c == best ? "**" + cell + "**" : cell);
            }
            rows.add(cells);
        }
        return text.append('\n').append(new Table(head, rows).markdown()).toString();
    }

    /// What the column was measured on, and with.
    static String about(Column column) {
        BenchRecord record = column.record();
        return "%s; %s; cglora %s%s, %s, %d repetitions"
                .formatted(
                        RecordTable.describe(column.device()),
                        RecordTable.describe(record.machine()),
                        record.cglora(),
                        record.commit().isEmpty() ? "" : " at " + record.commit(),
                        record.date(),
                        record.repetitions());
    }

    static String cell(Row row, int column) {
        Result result = row.results().get(column);
        if (result == null) {
            return "-";
        }
        if (result.hasFailed()) {
            return "failed";
        }
        double gain = row.gain(column);
        String median = Figures.three(result.median());
        return column == 0 || Double.isNaN(gain)
                ? median
                : median + " (" + Figures.times(gain) + ")";
    }

    /// A line a test; of each column the median, the spread and the gain over the first.
    public static String csv(Comparison comparison) {
        var head = new ArrayList<String>(List.of("suite", "test", "unit"));
        for (Column column : comparison.columns()) {
            head.add(column.heading());
            head.add(column.heading() + " spread");
            head.add(column.heading() + " gain");
        }
        var rows = new ArrayList<List<String>>();
        for (Row row : comparison.rows()) {
            var cells = new ArrayList<String>();
            cells.add(row.suite().toString());
            cells.add(row.test());
            cells.add(row.unit().toString());
            for (int c = 0; c < row.results().size(); c++) {
                Result result = row.results().get(c);
                boolean timed = result != null && !result.hasFailed();
                double gain = row.gain(c);
                cells.add(timed ? Double.toString(result.median()) : "");
                cells.add(timed ? Double.toString(result.spread()) : "");
                cells.add(Double.isNaN(gain) ? "" : Double.toString(gain));
            }
            rows.add(cells);
        }
        return new Table(head, rows).csv();
    }

    public static String json(Comparison comparison) {
        var columns = new ArrayList<Object>();
        for (Column column : comparison.columns()) {
            var entry = new LinkedHashMap<String, Object>();
            entry.put("title", column.title());
            entry.put("device", column.device().id());
            entry.put("name", column.device().name());
            entry.put("driver", column.device().driver());
            entry.put("commit", column.record().commit());
            entry.put("failure", column.device().failure());
            entry.put("wrong", column.device().wrong());
            entry.put("ranked", column.isSound());
            columns.add(entry);
        }
        var rows = new ArrayList<Object>();
        for (Row row : comparison.rows()) {
            var cells = new ArrayList<Object>();
            for (int c = 0; c < row.results().size(); c++) {
                cells.add(json(row, c));
            }
            var entry = new LinkedHashMap<String, Object>();
            entry.put("suite", row.suite().toString());
            entry.put("test", row.test());
            entry.put("unit", row.unit().toString());
            entry.put("results", cells);
            rows.add(entry);
        }
        var root = new LinkedHashMap<String, Object>();
        root.put("cglora_bench_comparison", BenchRecord.FORMAT);
        root.put("columns", columns);
        root.put("rows", rows);
        return JsonText.write(root);
    }

    private static Object json(Row row, int column) {
        Result result = row.results().get(column);
        if (result == null) {
            return null;
        }
        var entry = new LinkedHashMap<String, Object>();
        if (result.hasFailed()) {
            entry.put("failure", result.failure());
            return entry;
        }
        double gain = row.gain(column);
        entry.put("median", result.median());
        entry.put("spread", result.spread());
        entry.put("gain", Double.isNaN(gain) ? null : gain);
        return entry;
    }
}
