package cglora.pipeline.report;

import cglora.models.curvature.PredictionAlignment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// An alignment as one HTML page that needs nothing else: no script, no font, no network. Curves
/// over the steps are inline SVG; every number of them is in the table, too.
public final class AlignmentPage {
    private final AlignmentReport report;
    private final StringBuilder html = new StringBuilder();

    /// Rows with a step, by name; those that have a curve are longer than one.
    private final Map<String, List<AlignmentRow>> curves = new LinkedHashMap<>();

    private AlignmentPage(AlignmentReport report) {
        this.report = report;
        for (AlignmentRow row : report.rows()) {
            if (row.step() != null) {
                curves.computeIfAbsent(row.name(), _ -> new ArrayList<>()).add(row);
            }
        }
        curves.values().removeIf(rows -> rows.size() < 2);
        curves.values().forEach(rows -> rows.sort((one, two) -> one.step().compareTo(two.step())));
    }

    public static String html(AlignmentReport report) {
        return new AlignmentPage(report).page();
    }

    private String page() {
        html.append("<p>Reference f*: ").append(Page.escape(report.reference()));
        html.append("<br>\nMeasured on: ").append(Page.escape(report.data())).append("</p>\n<p>");
        html.append(Page.escape(AlignmentReport.LEGEND)).append("</p>\n");
        if (!curves.isEmpty()) {
            charts();
        }
        html.append("<h2>All of it</h2>\n").append(Page.table(AlignmentText.adapters(report)));
        if (report.hasLayers()) {
            html.append("<h2>Layer by layer</h2>\n<p>").append(Page.escape(AlignmentReport.LAYERS));
            html.append("</p>\n").append(Page.table(AlignmentText.layers(report)));
        }
        return Page.of("cglora align", "Prediction alignment", "", html);
    }

    private void charts() {
        html.append("<h2>Along training</h2>\n").append(Page.key(List.copyOf(curves.keySet())));
        html.append("<div class=\"charts\">\n");
        chart("Relative distance (less is nearer)", PredictionAlignment::relativeDistance);
        chart("Cosine of the changes (1 is the same way)", PredictionAlignment::cosine);
        chart("KL, nats (less is nearer)", PredictionAlignment::kl);
        chart("Agreement of the predictions", PredictionAlignment::agreement);
        html.append("</div>\n");
    }

    private void chart(String title, ToDoubleFunction<PredictionAlignment> of) {
        double low = 0;
        double high = 0;
        int last = 1;
        for (List<AlignmentRow> rows : curves.values()) {
            for (AlignmentRow row : rows) {
                double value = of.applyAsDouble(row.predictions());
                if (Double.isFinite(value)) {
                    low = Math.min(low, value);
                    high = Math.max(high, value);
                }
                last = Math.max(last, row.step());
            }
        }
        var chart = new LineChart(title, low, high);
        chart.tick(0, "start", "step 0");
        chart.tick(1, "end", String.valueOf(last));
        int steps = last;
        int series = 0;
        for (List<AlignmentRow> rows : curves.values()) {
            chart.curve(
                    rows.stream().map(row -> point(row, steps, of)).toList(), Page.color(series++));
        }
        html.append(chart.html());
    }

    private static LineChart.Point point(
            AlignmentRow row, int last, ToDoubleFunction<PredictionAlignment> of) {
        double value = of.applyAsDouble(row.predictions());
        return new LineChart.Point(
                (double) row.step() / last,
                value,
                Double.NaN,
                false,
                row.title() + ": " + AlignmentText.number(value));
    }
}
