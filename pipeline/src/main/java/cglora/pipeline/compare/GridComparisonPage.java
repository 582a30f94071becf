package cglora.pipeline.compare;

import cglora.pipeline.compare.GridComparison.Section;
import cglora.pipeline.report.LineChart;
import cglora.pipeline.report.Page;
import cglora.pipeline.report.Table;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/// A comparison as one HTML page that needs nothing else: no script, no font, no network. The
/// curves over the rates are inline SVG; every number of them is in a table, too.
public final class GridComparisonPage {
    /// Share of the chart's width that is left free on either side.
    private static final double MARGIN = 0.05;

    private final GridComparison comparison;
    private final StringBuilder html = new StringBuilder();

    private GridComparisonPage(GridComparison comparison) {
        this.comparison = comparison;
    }

    public static String html(GridComparison comparison) {
        return new GridComparisonPage(comparison).page();
    }

    private String page() {
        comparison.sections().forEach(this::section);
        html.append("<h2>What the numbers mean</h2>\n");
        html.append(Page.list(new GridLegend(comparison).lines()));
        return Page.of(
                "cglora compare",
                "Methods, each at its best " + GridTables.word(comparison.options().best()),
                "",
                html);
    }

    private void section(Section section) {
        var tables = new GridTables(comparison.options(), section);
        if (!section.title().isEmpty()) {
            html.append("<h2>").append(Page.escape(section.name())).append("</h2>\n");
            if (section.isNamed()) {
                html.append("<p>What sets it apart: ").append(Page.escape(section.title()));
                html.append("</p>\n");
            }
        }
        table("Results", tables.results());
        html.append(Page.list(GridComparisonText.verdicts(section)));
        if (!section.tests().isEmpty()) {
            table("Tests against " + section.reference().name(), tables.tests());
        }
        charts(section);
        table("Every " + GridTables.word(comparison.options().best()), tables.curve());
        table("Start and cost", tables.costs());
    }

    private void table(String title, Table table) {
        html.append("<h3>").append(Page.escape(title)).append("</h3>\n").append(Page.table(table));
    }

    /// Curves over the rates that are numbers above 0, on a logarithmic scale.
    private void charts(Section section) {
        var rates = new TreeSet<Double>();
        section.methods().forEach(m -> m.rates().forEach(r -> rates.add(at(r))));
        rates.removeIf(rate -> !(rate > 0));
        if (rates.size() < 2) {
            return;
        }
        html.append(Page.key(section.methods().stream().map(Method::name).toList()));
        html.append("<div class=\"charts\">\n");
        String choose = comparison.options().choose();
        chart(section, rates, "Validation " + choose, run -> run.validation(choose));
        String metric = comparison.options().metric();
        chart(section, rates, "Test " + metric, run -> run.test(metric));
        if (!metric.equals("loss")) {
            chart(section, rates, "Test loss", run -> run.test("loss"));
        }
        html.append(
                "</div>\n<p>Means over the seeds, bars of one standard deviation; the ring marks");
        html.append(" the value that the validation split chose.</p>\n");
    }

    private static double at(Rate rate) {
        return GridComparison.number(rate.value());
    }

    private void chart(
            Section section,
            TreeSet<Double> rates,
            String title,
            ToDoubleFunction<RunRecord> number) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Method method : section.methods()) {
            for (Rate rate : method.rates()) {
                for (double value : rate.of(number)) {
                    low = Double.isFinite(value) ? Math.min(low, value) : low;
                    high = Double.isFinite(value) ? Math.max(high, value) : high;
                }
            }
        }
        if (low > high) {
            return;
        }
        var chart = new LineChart(title, low, high);
        for (double rate : rates) {
            chart.tick(place(rate, rates), "middle", Rate.shorten(rate));
        }
        for (int i = 0; i < section.methods().size(); i++) {
            Method method = section.methods().get(i);
            chart.curve(
                    method.rates().stream()
                            .filter(rate -> at(rate) > 0)
                            .map(rate -> point(method, rate, place(at(rate), rates), number))
                            .toList(),
                    Page.color(i));
        }
        html.append(chart.html());
    }

    private static LineChart.Point point(
            Method method, Rate rate, double place, ToDoubleFunction<RunRecord> number) {
        double[] values = rate.of(number);
        return new LineChart.Point(
                place,
                Significance.mean(values),
                Significance.deviation(values),
                rate == method.chosen(),
                method.name() + ", " + rate.label() + ": " + GridTables.spread(values));
    }

    private static double place(double rate, TreeSet<Double> rates) {
        double first = Math.log(rates.getFirst());
        double share = (Math.log(rate) - first) / (Math.log(rates.getLast()) - first);
        return MARGIN + (1 - 2 * MARGIN) * share;
    }
}
