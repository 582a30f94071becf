package cglora.pipeline.compare;

import cglora.pipeline.bench.Table;
import cglora.pipeline.compare.GridComparison.Section;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/// A comparison as one HTML page that needs nothing else: no script, no font, no network. The
/// curves over the rates are inline SVG; every number of them is in a table, too.
public final class GridComparisonPage {
    /// Colours that stay apart for the colour-blind and in print (Okabe and Ito).
    private static final List<String> COLORS =
            List.of(
                    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
                    "#555555");

    private static final int WIDTH = 320;
    private static final int HEIGHT = 190;
    private static final int LEFT = 44;
    private static final int RIGHT = 10;
    private static final int TOP = 8;
    private static final int BOTTOM = 22;

    private final GridComparison comparison;
    private final StringBuilder html = new StringBuilder();

    private GridComparisonPage(GridComparison comparison) {
        this.comparison = comparison;
    }

    public static String html(GridComparison comparison) {
        return new GridComparisonPage(comparison).page();
    }

    private String page() {
        html.append(
                PageParts.start(
                        "Methods, each at its best "
                                + GridTables.word(comparison.options().best())));
        comparison.sections().forEach(this::section);
        html.append("<h2>What the numbers mean</h2>\n<ul>\n");
        new GridTables(comparison.options(), comparison.sections().getFirst())
                .legend()
                .forEach(
                        line ->
                                html.append("<li>")
                                        .append(PageParts.escape(line))
                                        .append("</li>\n"));
        return html.append("</ul>\n").append(PageParts.END).toString();
    }

    private void section(Section section) {
        var tables = new GridTables(comparison.options(), section);
        if (!section.title().isEmpty()) {
            html.append("<h2>").append(PageParts.escape(section.title())).append("</h2>\n");
        }
        table("Results", tables.results());
        html.append("<ul>\n");
        GridComparisonText.verdicts(section)
                .forEach(
                        line ->
                                html.append("<li>")
                                        .append(PageParts.escape(line))
                                        .append("</li>\n"));
        html.append("</ul>\n");
        if (!section.tests().isEmpty()) {
            table("Tests against " + section.reference().name(), tables.tests());
        }
        charts(section);
        table("Every " + GridTables.word(comparison.options().best()), tables.curve());
        table("Start and cost", tables.costs());
    }

    private void table(String title, Table table) {
        html.append(PageParts.table(title, table));
    }

    /// Curves over the rates that are numbers above 0, on a logarithmic scale.
    private void charts(Section section) {
        var rates = new TreeSet<Double>();
        section.methods().forEach(m -> m.rates().forEach(r -> rates.add(at(r))));
        rates.removeIf(rate -> !(rate > 0));
        if (rates.size() < 2) {
            return;
        }
        html.append("<ul class=\"key\">\n");
        for (int i = 0; i < section.methods().size(); i++) {
            html.append("<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect width=\"10\"");
            html.append(" height=\"10\" fill=\"").append(color(i)).append("\"/></svg> ");
            html.append(PageParts.escape(section.methods().get(i).name())).append("</li>\n");
        }
        html.append("</ul>\n<div class=\"charts\">\n");
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

    private static String color(int series) {
        return COLORS.get(series % COLORS.size());
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
        high = high > low ? high : low + 1;
        html.append("<figure><figcaption>")
                .append(PageParts.escape(title))
                .append("</figcaption>\n");
        html.append("<svg viewBox=\"0 0 ").append(WIDTH).append(' ').append(HEIGHT);
        html.append("\" role=\"img\" aria-label=\"")
                .append(PageParts.escape(title))
                .append("\">\n");
        for (int i = 0; i <= 4; i++) {
            double value = low + i * (high - low) / 4;
            double y = y(value, low, high);
            line(LEFT, y, WIDTH - RIGHT, y, "#ddd");
            label(LEFT - 4, y + 4, "end", String.format(Locale.ROOT, "%.3g", value));
        }
        for (double rate : rates) {
            label(x(rate, rates), HEIGHT - 6, "middle", Rate.shorten(rate));
        }
        for (int i = 0; i < section.methods().size(); i++) {
            curve(section.methods().get(i), rates, number, low, high, color(i));
        }
        html.append("</svg></figure>\n");
    }

    private static double x(double rate, TreeSet<Double> rates) {
        double first = Math.log(rates.getFirst());
        double share = (Math.log(rate) - first) / (Math.log(rates.getLast()) - first);
        return LEFT + 14 + share * (WIDTH - LEFT - RIGHT - 28);
    }

    private static double y(double value, double low, double high) {
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
    }

    private void curve(
            Method method,
            TreeSet<Double> rates,
            ToDoubleFunction<RunRecord> number,
            double low,
            double high,
            String color) {
        var points = new StringBuilder();
        var dots = new StringBuilder();
        for (Rate rate : method.rates()) {
            double[] values = rate.of(number);
            double mean = Significance.mean(values);
            if (!(at(rate) > 0) || !Double.isFinite(mean)) {
                continue;
            }
            double x = x(at(rate), rates);
            double y = y(mean, low, high);
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
            double deviation = Significance.deviation(values);
            if (Double.isFinite(deviation)) {
                line(
                        x,
                        y(Math.max(low, mean - deviation), low, high),
                        x,
                        y(Math.min(high, mean + deviation), low, high),
                        color);
            }
            dots.append(
                    String.format(
                            Locale.ROOT,
                            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\" stroke=\"%s\">"
                                    + "<title>%s, %s: %s</title></circle>\n",
                            x,
                            y,
                            rate == method.chosen() ? "5" : "2.5",
                            rate == method.chosen() ? "none" : color,
                            color,
                            PageParts.escape(method.name()),
                            PageParts.escape(rate.label()),
                            GridTables.spread(values)));
        }
        html.append("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"").append(color);
        html.append("\" points=\"").append(points.toString().strip()).append("\"/>\n");
        html.append(dots);
    }

    private void line(double x1, double y1, double x2, double y2, String color) {
        html.append(
                String.format(
                        Locale.ROOT,
                        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
                        x1,
                        y1,
                        x2,
                        y2,
                        color));
    }

    private void label(double x, double y, String anchor, String text) {
        html.append(
                String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                        x,
                        y,
                        anchor,
                        PageParts.escape(text)));
    }
}
