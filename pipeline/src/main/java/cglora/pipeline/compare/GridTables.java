package cglora.pipeline.compare;

import cglora.pipeline.compare.GridComparison.Options;
import cglora.pipeline.compare.GridComparison.Section;
import cglora.pipeline.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/// The numbers of a section as tables of text.
final class GridTables {
    private final Options options;
    private final Section section;

    GridTables(Options options, Section section) {
        this.options = options;
        this.section = section;
    }

    /// The last word of a setting's path.
    static String word(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /// Four decimals; a dash for what was not measured.
    static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "-";
    }

    private static String brief(double value, String form) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, form, value) : "-";
    }

    /// `0.7860 ± 0.0042`, or the mean alone where there is one value.
    static String spread(double... values) {
        double deviation = Significance.deviation(values);
        return number(Significance.mean(values))
                + (Double.isFinite(deviation) ? " ± " + number(deviation) : "");
    }

    private static String interval(double low, double high) {
        return Double.isFinite(low) ? number(low) + " … " + number(high) : "-";
    }

    private static String interval(double... values) {
        double[] ends = Significance.interval(values);
        return interval(ends[0], ends[1]);
    }

    private boolean hasMetric() {
        return !options.metric().equals("loss");
    }

    /// One line a method, at its chosen rate.
    Table results() {
        var head =
                new ArrayList<>(
                        List.of(
                                "method",
                                "best " + word(options.best()),
                                "n",
                                "validation " + options.choose()));
        if (hasMetric()) {
            head.add("test " + options.metric());
            head.add("95 %");
        }
        head.addAll(List.of("test loss", "95 % ", "edge of the grid?"));
        var rows = new ArrayList<List<String>>();
        for (Method method : section.methods()) {
            Rate rate = method.chosen();
            var row =
                    new ArrayList<>(
                            List.of(
                                    method.name(),
                                    rate.label(),
                                    String.valueOf(rate.count()),
                                    number(rate.validation(options.choose()))));
            if (hasMetric()) {
                row.add(spread(rate.test(options.metric())));
                row.add(interval(rate.test(options.metric())));
            }
            row.add(spread(rate.test("loss")));
            row.add(interval(rate.test("loss")));
            String beyond = method.beyondEdge();
            row.add(beyond.isEmpty() ? "no" : "yes: " + beyond);
            rows.add(row);
        }
        return new Table(head, rows);
    }

    /// One line a test.
    Table tests() {
        var rows = new ArrayList<List<String>>();
        for (Comparison test : section.tests()) {
            rows.add(
                    List.of(
                            test.method() + " - " + test.reference(),
                            "test " + test.metric(),
                            String.valueOf(test.seeds()),
                            number(test.difference()),
                            interval(test.low(), test.high()),
                            brief(test.t(), "%.3g"),
                            brief(test.holm(), "%.3g"),
                            brief(test.permutation(), "%.3g"),
                            test.isSignificant() ? "significant" : "not significant"));
        }
        return new Table(
                List.of(
                        "difference of",
                        "in",
                        "seeds",
                        "mean",
                        "95 %",
                        "p (t)",
                        "p (Holm)",
                        "p (permutation)",
                        "at 5 %"),
                rows);
    }

    /// One line a method and rate: all that was run.
    Table curve() {
        var head =
                new ArrayList<>(
                        List.of(
                                "method",
                                word(options.best()),
                                "n",
                                "validation " + options.choose()));
        if (hasMetric()) {
            head.add("test " + options.metric());
        }
        head.addAll(List.of("test loss", "chosen"));
        var rows = new ArrayList<List<String>>();
        for (Method method : section.methods()) {
            for (Rate rate : method.rates()) {
                var row =
                        new ArrayList<>(
                                List.of(
                                        method.name(),
                                        rate.label(),
                                        String.valueOf(rate.count()),
                                        spread(rate.of(r -> r.validation(options.choose())))));
                if (hasMetric()) {
                    row.add(spread(rate.test(options.metric())));
                }
                row.add(spread(rate.test("loss")));
                row.add(rate == method.chosen() ? "yes" : "");
                rows.add(row);
            }
        }
        return new Table(head, rows);
    }

    /// One line a method, at its chosen rate: what it takes and how it starts.
    Table costs() {
        var head =
                new ArrayList<>(
                        List.of(
                                "method",
                                "loss at the start",
                                "steps to " + Rate.shorten(section.target()),
                                "seconds to it",
                                "reached",
                                "init s",
                                "init MiB",
                                "run s"));
        boolean aligned = isAligned(section);
        if (aligned) {
            head.addAll(List.of("distance to full", "cosine"));
        }
        var rows = new ArrayList<List<String>>();
        for (Method method : section.methods()) {
            Rate rate = method.chosen();
            List<RunRecord.Point> points =
                    rate.runs().values().stream()
                            .map(run -> run.reaches(section.target()))
                            .filter(Objects::nonNull)
                            .toList();
            var row =
                    new ArrayList<>(
                            List.of(
                                    method.name(),
                                    number(mean(rate, RunRecord::startLoss)),
                                    brief(
                                            points.stream()
                                                    .mapToInt(RunRecord.Point::step)
                                                    .average()
                                                    .orElse(Double.NaN),
                                            "%.0f"),
                                    brief(
                                            points.stream()
                                                    .mapToDouble(RunRecord.Point::seconds)
                                                    .average()
                                                    .orElse(Double.NaN),
                                            "%.1f"),
                                    points.size() + " of " + rate.count(),
                                    brief(mean(rate, run -> run.start().seconds()), "%.2f"),
                                    brief(mean(rate, run -> run.start().plannedMiB()), "%.0f"),
                                    brief(mean(rate, RunRecord::seconds), "%.1f")));
            if (aligned) {
                row.add(number(mean(rate, run -> align(run, "distance"))));
                row.add(number(mean(rate, run -> align(run, "cosine"))));
            }
            rows.add(row);
        }
        return new Table(head, rows);
    }

    private static double align(RunRecord run, String key) {
        return run.alignment().getOrDefault(key, Double.NaN);
    }

    private static double mean(Rate rate, ToDoubleFunction<RunRecord> of) {
        return Significance.mean(rate.of(of));
    }

    /// Whether any of its runs, at the chosen rates, was measured beside a reference.
    static boolean isAligned(Section section) {
        return section.methods().stream()
                .flatMap(m -> m.chosen().runs().values().stream())
                .anyMatch(run -> !run.alignment().isEmpty());
    }
}
