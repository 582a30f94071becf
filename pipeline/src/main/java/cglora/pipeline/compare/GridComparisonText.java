package cglora.pipeline.compare;

import cglora.pipeline.compare.GridComparison.Section;
import cglora.pipeline.report.Table;
import cglora.pipeline.spec.JsonText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A comparison as Markdown, CSV and JSON.
public final class GridComparisonText {
    private GridComparisonText() {}

    public static String markdown(GridComparison comparison) {
        var text = new StringBuilder();
        for (Section section : comparison.sections()) {
            var tables = new GridTables(comparison.options(), section);
            if (!section.title().isEmpty()) {
                text.append("## ").append(section.name()).append("\n\n");
                if (section.isNamed()) {
                    text.append("What sets it apart: ").append(section.title()).append("\n\n");
                }
            }
            String word = GridTables.word(comparison.options().best());
            append(text, "Results", tables.results());
            verdicts(section).forEach(line -> text.append("- ").append(line).append('\n'));
            text.append('\n');
            if (!section.tests().isEmpty()) {
                append(text, "Tests against " + section.reference().name(), tables.tests());
            }
            append(text, "Every " + word, tables.curve());
            append(text, "Start and cost", tables.costs());
        }
        text.append("## What the numbers mean\n\n");
        new GridLegend(comparison)
                .lines()
                .forEach(line -> text.append("- ").append(line).append('\n'));
        return text.toString();
    }

    private static void append(StringBuilder text, String title, Table table) {
        text.append("### ").append(title).append("\n\n").append(table.markdown()).append('\n');
    }

    /// What can be said, in words.
    static List<String> verdicts(Section section) {
        var lines = new ArrayList<String>();
        section.tests().forEach(test -> lines.add(test.verdict()));
        if (section.methods().size() > 1
                && section.tests().stream().noneMatch(Comparison::isSignificant)) {
            lines.add("no difference between the methods is significant");
        }
        if (!section.along().isEmpty()) {
            lines.add("differ along with the method: " + String.join(", ", section.along()));
        }
        return lines;
    }

    /// One line a method and rate, of all sections.
    public static String csv(GridComparison comparison) {
        List<String> head = null;
        var rows = new ArrayList<List<String>>();
        for (Section section : comparison.sections()) {
            Table curve = new GridTables(comparison.options(), section).curve();
            head = new ArrayList<>(curve.head());
            head.addFirst("section");
            for (List<String> row : curve.rows()) {
                var longer = new ArrayList<>(row);
                longer.addFirst(section.title().isEmpty() ? "" : section.name());
                rows.add(longer);
            }
        }
        return new Table(head, rows).csv();
    }

    public static String json(GridComparison comparison) {
        var sections = new ArrayList<Object>();
        for (Section section : comparison.sections()) {
            var methods = new ArrayList<Object>();
            section.methods().forEach(m -> methods.add(method(m, comparison.options(), section)));
            var of = new LinkedHashMap<String, Object>();
            of.put("name", section.name());
            of.put("title", section.title());
            of.put("reference", section.reference().name());
            of.put("loss_target", finite(section.target()));
            of.put("methods", methods);
            of.put("tests", section.tests().stream().map(GridComparisonText::test).toList());
            of.put("verdicts", verdicts(section));
            sections.add(of);
        }
        var all = new LinkedHashMap<String, Object>();
        all.put("by", comparison.options().by());
        all.put("best", comparison.options().best());
        all.put("metric", comparison.options().metric());
        all.put("choose", comparison.options().choose());
        all.put("sections", sections);
        return JsonText.write(all);
    }

    private static Map<String, Object> method(
            Method method, GridComparison.Options options, Section section) {
        var rates = new ArrayList<Object>();
        for (Rate rate : method.rates()) {
            var runs = new ArrayList<Object>();
            rate.runs()
                    .forEach(
                            (seed, run) -> {
                                var of = new LinkedHashMap<String, Object>();
                                of.put("seed", seed);
                                of.put("run", run.name());
                                of.put("validation", finite(run.validation(options.choose())));
                                of.put("test", finite(run.test(options.metric())));
                                of.put("test_loss", finite(run.test("loss")));
                                of.put("start_loss", finite(run.startLoss()));
                                var point = run.reaches(section.target());
                                of.put("steps_to_target", point == null ? null : point.step());
                                of.put("seconds_to_target", point == null ? null : point.seconds());
                                of.put("init_seconds", finite(run.start().seconds()));
                                of.put("init_planned_mib", finite(run.start().plannedMiB()));
                                of.put("seconds", finite(run.seconds()));
                                if (!run.alignment().isEmpty()) {
                                    of.put("alignment", run.alignment());
                                }
                                runs.add(of);
                            });
            var of = new LinkedHashMap<String, Object>();
            of.put("value", rate.value());
            of.put("chosen", rate == method.chosen());
            of.put("runs", runs);
            rates.add(of);
        }
        var of = new LinkedHashMap<String, Object>();
        of.put("method", method.name());
        of.put("best", method.chosen().value());
        of.put("on_edge", !method.beyondEdge().isEmpty());
        of.put("rates", rates);
        return of;
    }

    private static Map<String, Object> test(Comparison test) {
        var of = new LinkedHashMap<String, Object>();
        of.put("method", test.method());
        of.put("reference", test.reference());
        of.put("metric", test.metric());
        of.put("seeds", test.seeds());
        of.put("difference", finite(test.difference()));
        of.put("low", finite(test.low()));
        of.put("high", finite(test.high()));
        of.put("p_t", finite(test.t()));
        of.put("p_holm", finite(test.holm()));
        of.put("p_permutation", finite(test.permutation()));
        of.put("significant", test.isSignificant());
        return of;
    }

    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
