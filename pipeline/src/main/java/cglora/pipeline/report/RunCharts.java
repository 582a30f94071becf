package cglora.pipeline.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.JsonNode;

/// The curves of training: loss, learning rate, norm of the gradient, speed, and what was evaluated
/// on the way.
final class RunCharts {
    /// Parts of a curve, of which each keeps its lowest and highest point.
    private static final int PARTS = 160;

    /// Evaluations that are marked one by one; of more only the line is drawn.
    private static final int MARKED = 60;

    private static final double SMOOTH = 0.9;
    private static final String FAINT = "#b8cfe0";

    private final TreeMap<Integer, JsonNode> steps;
    private final TreeMap<Integer, JsonNode> evaluations;
    private final int last;
    private final StringBuilder html = new StringBuilder();

    private RunCharts(RunHistory run) {
        steps = run.bySteps("step");
        evaluations = run.bySteps("eval");
        last =
                Math.max(
                        steps.isEmpty() ? 1 : steps.lastKey(),
                        evaluations.isEmpty() ? 1 : evaluations.lastKey());
    }

    /// HTML; empty where nothing was trained.
    static String html(RunHistory run) {
        return new RunCharts(run).draw();
    }

    private String draw() {
        if (steps.isEmpty()) {
            return "";
        }
        html.append("<div class=\"charts\">\n");
        loss();
        metrics().forEach(this::evaluated);
        trained("Learning rate of the adapters or the body", event -> of(event, "lr"));
        trained("Norm of the gradient, before clipping", event -> of(event, "grad_norm"));
        trained("Tokens a second", RunCharts::speed);
        return html.append("</div>\n").toString();
    }

    /// Each step, a running mean, and the validation loss.
    private void loss() {
        List<LineChart.Point> raw = points(steps, event -> of(event, "loss"));
        List<LineChart.Point> mean = smoothed(raw);
        List<LineChart.Point> validation = points(evaluations, event -> of(event, "loss"));
        var all = new ArrayList<>(raw);
        all.addAll(validation);
        LineChart chart = chart("Loss", all, false);
        chart.line(Thinned.of(raw, PARTS), FAINT, 1);
        chart.line(Thinned.of(mean, PARTS), Page.color(0), 1.8);
        evaluated(chart, validation, Page.color(1));
        html.append(chart.html());
        var names = new ArrayList<>(List.of("training, running mean (faint: as it was)"));
        if (!validation.isEmpty()) {
            names.add("validation (rings: best so far)");
        }
        html.insert(html.lastIndexOf("</figure>"), Page.key(names));
    }

    private static List<LineChart.Point> smoothed(List<LineChart.Point> raw) {
        var smoothed = new ArrayList<LineChart.Point>();
        double mean = Double.NaN;
        for (LineChart.Point p : raw) {
            if (Double.isFinite(p.value())) {
                mean = Double.isNaN(mean) ? p.value() : SMOOTH * mean + (1 - SMOOTH) * p.value();
                smoothed.add(new LineChart.Point(p.at(), mean, Double.NaN, false, ""));
            }
        }
        return smoothed;
    }

    /// All metrics but the loss, which has its place beside that of training.
    private Map<String, List<LineChart.Point>> metrics() {
        var metrics = new LinkedHashMap<String, List<LineChart.Point>>();
        for (JsonNode event : evaluations.values()) {
            event.properties()
                    .forEach(
                            p -> {
                                String name = p.getKey();
                                if (p.getValue().isNumber()
                                        && !List.of("v", "step", "loss").contains(name)) {
                                    metrics.computeIfAbsent(
                                            name, _ -> points(evaluations, e -> of(e, name)));
                                }
                            });
        }
        return metrics;
    }

    private void evaluated(String metric, List<LineChart.Point> points) {
        LineChart chart = chart("Validation: " + metric, points, false);
        evaluated(chart, points, Page.color(1));
        html.append(chart.html());
    }

    private static void evaluated(LineChart chart, List<LineChart.Point> points, String color) {
        if (points.size() <= MARKED) {
            chart.curve(points, color);
        } else {
            chart.line(Thinned.of(points, PARTS), color, 1.8);
        }
    }

    private void trained(String title, ToDoubleFunction<JsonNode> of) {
        List<LineChart.Point> points = points(steps, of);
        if (points.isEmpty()) {
            return;
        }
        LineChart chart = chart(title, points, true);
        chart.line(Thinned.of(points, PARTS), Page.color(0), 1.5);
        html.append(chart.html());
    }

    private LineChart chart(String title, List<LineChart.Point> points, boolean fromZero) {
        double low = fromZero ? 0 : Double.POSITIVE_INFINITY;
        double high = fromZero ? 0 : Double.NEGATIVE_INFINITY;
        for (LineChart.Point p : points) {
            low = Math.min(low, p.value());
            high = Math.max(high, p.value());
        }
        if (low > high) {
            low = 0;
            high = 1;
        }
        if (low == high) { // a line in the middle of something
            double around = low == 0 ? 1 : Math.abs(low) * 0.1;
            low -= fromZero ? 0 : around;
            high += around;
        }
        var chart = new LineChart(title, low, high);
        chart.tick(0, "start", "step 0");
        chart.tick(0.5, "middle", String.valueOf(last / 2));
        chart.tick(1, "end", String.valueOf(last));
        return chart;
    }

    private List<LineChart.Point> points(
            TreeMap<Integer, JsonNode> events, ToDoubleFunction<JsonNode> of) {
        var points = new ArrayList<LineChart.Point>();
        events.forEach(
                (step, event) -> {
                    double value = of.applyAsDouble(event);
                    if (Double.isFinite(value)) {
                        points.add(
                                new LineChart.Point(
                                        (double) step / last,
                                        value,
                                        Double.NaN,
                                        event.path("best").asBoolean(false),
                                        String.format(Locale.ROOT, "step %d: %.5g", step, value)));
                    }
                });
        return points;
    }

    private static double of(JsonNode event, String key) {
        return RunHistory.number(event.path(key));
    }

    private static double speed(JsonNode event) {
        return of(event, "tokens") / of(event, "ms") * 1e3;
    }
}
