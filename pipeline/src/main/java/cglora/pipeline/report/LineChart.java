package cglora.pipeline.report;

import java.util.List;
import java.util.Locale;

/// Curves as inline SVG; each point says its number where the pointer rests on it.
public final class LineChart {
    private static final int WIDTH = 320;
    private static final int HEIGHT = 190;
    private static final int LEFT = 54;
    private static final int RIGHT = 10;
    private static final int TOP = 8;
    private static final int BOTTOM = 22;

    /// @param at        from 0, the left end, to 1, the right one
    /// @param value     where the curve passes; not finite leaves the point out
    /// @param deviation half the length of its bar; not finite for none
    /// @param ringed    whether it is marked
    /// @param says      its text
    public record Point(double at, double value, double deviation, boolean ringed, String says) {}

    private final double low;
    private final double high;
    private final StringBuilder svg = new StringBuilder();

    /// @param low  value at the lower end
    /// @param high value at the upper end; one more than `low` where it is not above it
    public LineChart(String title, double low, double high) {
        this.low = low;
        this.high = high > low ? high : low + 1;
        svg.append("<figure><figcaption>").append(Page.escape(title)).append("</figcaption>\n");
        svg.append("<svg viewBox=\"0 0 ").append(WIDTH).append(' ').append(HEIGHT);
        svg.append("\" role=\"img\" aria-label=\"").append(Page.escape(title)).append("\">\n");
        for (int i = 0; i <= 4; i++) {
            double value = this.low + i * (this.high - this.low) / 4;
            line(LEFT, y(value), WIDTH - RIGHT, y(value), "#ddd");
            label(LEFT - 4, y(value) + 4, "end", brief(value));
        }
    }

    /// Three digits in little room: `0.004`, `2e-9`.
    static String brief(double value) {
        if (value == 0) {
            return "0";
        }
        double size = Math.abs(value);
        if (size >= 1e-3 && size < 1e5) {
            int digits = Math.clamp(2 - (int) Math.floor(Math.log10(size)), 0, 5);
            String text = String.format(Locale.ROOT, "%." + digits + "f", value);
            return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
        }
        return String.format(Locale.ROOT, "%.2e", value)
                .replaceFirst("\\.?0*e", "e")
                .replaceFirst("e([+-])0*", "e$1")
                .replace("e+", "e");
    }

    /// A text under the chart.
    ///
    /// @param at     as of a point
    /// @param anchor start, middle or end
    public void tick(double at, String anchor, String text) {
        label(x(at), HEIGHT - 6, anchor, text);
    }

    /// A curve of so many points that they are not marked.
    ///
    /// @param width of the line
    public void line(List<Point> points, String color, double width) {
        svg.append("<polyline fill=\"none\" stroke-width=\"").append(width);
        svg.append("\" stroke-linejoin=\"round\" stroke=\"").append(color).append("\" points=\"");
        for (Point p : points) {
            if (Double.isFinite(p.value())) {
                svg.append(
                        String.format(Locale.ROOT, "%.1f,%.1f ", x(p.at()), y(within(p.value()))));
            }
        }
        svg.append("\"/>\n");
    }

    public void curve(List<Point> all, String color) {
        List<Point> points = all.stream().filter(p -> Double.isFinite(p.value())).toList();
        for (Point p : points) {
            if (Double.isFinite(p.deviation())) {
                double x = x(p.at());
                line(
                        x,
                        y(within(p.value() - p.deviation())),
                        x,
                        y(within(p.value() + p.deviation())),
                        color);
            }
        }
        svg.append("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"").append(color);
        svg.append("\" points=\"");
        points.forEach(
                p -> svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(p.at()), y(p.value()))));
        svg.append("\"/>\n");
        for (Point p : points) {
            svg.append(
                    String.format(
                            Locale.ROOT,
                            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\" stroke=\"%s\">"
                                    + "<title>%s</title></circle>\n",
                            x(p.at()),
                            y(p.value()),
                            p.ringed() ? "5" : "2.5",
                            p.ringed() ? "none" : color,
                            color,
                            Page.escape(p.says())));
        }
    }

    /// The figure.
    public String html() {
        return svg + "</svg></figure>\n";
    }

    private double within(double value) {
        return Math.clamp(value, low, high);
    }

    private static double x(double at) {
        return LEFT + at * (WIDTH - LEFT - RIGHT);
    }

    private double y(double value) {
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
    }

    private void line(double x1, double y1, double x2, double y2, String color) {
        svg.append(
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
        svg.append(
                String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                        x,
                        y,
                        anchor,
                        Page.escape(text)));
    }
}
