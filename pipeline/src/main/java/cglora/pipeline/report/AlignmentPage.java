package cglora.pipeline.report;

import cglora.models.curvature.PredictionAlignment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// An alignment as one HTML page that needs nothing else: no script, no font, no network. Curves
/// over the steps are inline SVG; every number of them is in the table, too.
public final class AlignmentPage {
    /// Colours that stay apart for the colour-blind and in print (Okabe and Ito).
    private static final List<String> COLORS =
            List.of(
                    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
                    "#555555");

    private static final String STYLE =
            """
            body { font: 15px/1.4 system-ui, sans-serif; color: #111; background: #fff;
                   max-width: 60rem; margin: 1rem auto; padding: 0 .8rem; }
            h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
            .charts { display: grid; gap: 1rem;
                      grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); }
            figure { margin: 0; break-inside: avoid; }
            figure svg { width: 100%; height: auto; display: block; }
            figcaption { font-weight: 600; }
            svg text { font: 11px system-ui, sans-serif; fill: #444; }
            .key { list-style: none; padding: 0; } .key svg { width: .8rem; height: .8rem; }
            .key li, td { overflow-wrap: anywhere; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-size: .85rem; }
            th, td { border: 1px solid #ccc; padding: .2rem .4rem; text-align: right; }
            th:first-child, td:first-child { text-align: left; }
            @media print { body { max-width: none; } .wide { overflow: visible; } }
            """;

    private static final int WIDTH = 320;
    private static final int HEIGHT = 190;
    private static final int LEFT = 44;
    private static final int RIGHT = 10;
    private static final int TOP = 8;
    private static final int BOTTOM = 22;

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
        html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.append("<title>cglora align</title>\n<style>\n").append(STYLE);
        html.append("</style>\n</head>\n<body>\n<h1>Prediction alignment</h1>\n<p>Reference f*: ");
        html.append(escape(report.reference())).append("<br>\nMeasured on: ");
        html.append(escape(report.data())).append("</p>\n<p>");
        html.append(escape(AlignmentReport.LEGEND)).append("</p>\n");
        if (!curves.isEmpty()) {
            charts();
        }
        table();
        if (report.hasLayers()) {
            layers();
        }
        return html.append("</body>\n</html>\n").toString();
    }

    private void charts() {
        html.append("<h2>Along training</h2>\n<ul class=\"key\">\n");
        int color = 0;
        for (String name : curves.keySet()) {
            html.append("<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect width=\"10\"");
            html.append(" height=\"10\" fill=\"").append(color(color++)).append("\"/></svg> ");
            html.append(escape(name)).append("</li>\n");
        }
        html.append("</ul>\n<div class=\"charts\">\n");
        chart("Relative distance (less is nearer)", PredictionAlignment::relativeDistance);
        chart("Cosine of the changes (1 is the same way)", PredictionAlignment::cosine);
        chart("KL, nats (less is nearer)", PredictionAlignment::kl);
        chart("Agreement of the predicted classes", PredictionAlignment::agreement);
        html.append("</div>\n");
    }

    private static String color(int series) {
        return COLORS.get(series % COLORS.size());
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
        high = high > low ? high : low + 1;
        html.append("<figure><figcaption>").append(escape(title)).append("</figcaption>\n");
        html.append("<svg viewBox=\"0 0 ").append(WIDTH).append(' ').append(HEIGHT);
        html.append("\" role=\"img\" aria-label=\"").append(escape(title)).append("\">\n");
        for (int i = 0; i <= 4; i++) {
            double value = low + i * (high - low) / 4;
            double y = y(value, low, high);
            line(LEFT, y, WIDTH - RIGHT, y);
            label(LEFT - 4, y + 4, "end", String.format(Locale.ROOT, "%.3g", value));
        }
        label(LEFT, HEIGHT - 6, "start", "step 0");
        label(WIDTH - RIGHT, HEIGHT - 6, "end", String.valueOf(last));
        int color = 0;
        for (List<AlignmentRow> rows : curves.values()) {
            curve(rows, of, low, high, last, color(color++));
        }
        html.append("</svg></figure>\n");
    }

    private static double x(int step, int last) {
        return LEFT + (double) step / last * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, double low, double high) {
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
    }

    /// Steps without a number are left out.
    private void curve(
            List<AlignmentRow> rows,
            ToDoubleFunction<PredictionAlignment> of,
            double low,
            double high,
            int last,
            String color) {
        var points = new StringBuilder();
        var dots = new StringBuilder();
        for (AlignmentRow row : rows) {
            double value = of.applyAsDouble(row.predictions());
            if (!Double.isFinite(value)) {
                continue;
            }
            double x = x(row.step(), last);
            double y = y(value, low, high);
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
            dots.append(
                    String.format(
                            Locale.ROOT,
                            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"><title>%s: %s"
                                    + "</title></circle>\n",
                            x,
                            y,
                            color,
                            escape(row.title()),
                            AlignmentText.number(value)));
        }
        html.append("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"").append(color);
        html.append("\" points=\"").append(points.toString().strip()).append("\"/>\n");
        html.append(dots);
    }

    private void line(double x1, double y1, double x2, double y2) {
        html.append(
                String.format(
                        Locale.ROOT,
                        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n",
                        x1,
                        y1,
                        x2,
                        y2));
    }

    private void label(double x, double y, String anchor, String text) {
        html.append(
                String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                        x,
                        y,
                        anchor,
                        escape(text)));
    }

    private void table() {
        boolean layers = report.hasLayers();
        html.append("<h2>All of it</h2>\n<div class=\"wide\"><table>\n<tr><th>adapter</th>");
        html.append("<th>distance</th><th>in H</th><th>cosine</th><th>KL</th><th>agreement</th>");
        html.append(layers ? "<th>span</th><th>tangent</th></tr>\n" : "</tr>\n");
        for (AlignmentRow row : report.rows()) {
            html.append("<tr><td>").append(escape(row.title())).append("</td>");
            AlignmentText.figures(row.predictions()).forEach(this::cell);
            if (layers) {
                cell(AlignmentText.number(row.whole().spanShare()));
                cell(AlignmentText.number(row.whole().tangentShare()));
            }
            html.append("</tr>\n");
        }
        html.append("</table></div>\n");
    }

    private void layers() {
        List<AlignmentRow> rows =
                report.rows().stream().filter(row -> !row.layers().isEmpty()).toList();
        html.append("<h2>Layer by layer</h2>\n<p>").append(escape(AlignmentReport.LAYERS));
        html.append("</p>\n<div class=\"wide\"><table>\n<tr><th>layer (span / tangent)</th>");
        rows.forEach(row -> html.append("<th>").append(escape(row.title())).append("</th>"));
        html.append("</tr>\n");
        for (String layer : report.layers()) {
            html.append("<tr><td>").append(escape(layer)).append("</td>");
            rows.forEach(row -> cell(AlignmentText.shares(row.layers().get(layer))));
            html.append("</tr>\n");
        }
        html.append("</table></div>\n");
    }

    private void cell(String text) {
        html.append("<td>").append(escape(text)).append("</td>");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
