package cglora.pipeline.report;

import cglora.models.curvature.LayerAlignment;
import cglora.models.curvature.PredictionAlignment;
import cglora.pipeline.spec.JsonText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/// An alignment as Markdown, CSV or JSON.
public final class AlignmentText {
    private static final List<String> CSV_HEAD =
            List.of(
                    "adapter",
                    "step",
                    "layer",
                    "distance",
                    "distance_h",
                    "distance_raw",
                    "cosine",
                    "kl",
                    "agreement",
                    "update",
                    "span",
                    "tangent");

    private AlignmentText() {}

    public static String markdown(AlignmentReport report) {
        String text =
                "Reference f*: %s  \nMeasured on: %s\n\n%s\n%s\n"
                        .formatted(
                                report.reference(),
                                report.data(),
                                adapters(report).markdown(),
                                AlignmentReport.LEGEND);
        return report.hasLayers()
                ? text + "\n" + AlignmentReport.LAYERS + "\n\n" + layers(report).markdown()
                : text;
    }

    /// One line an adapter.
    static Table adapters(AlignmentReport report) {
        boolean layers = report.hasLayers();
        var head =
                new ArrayList<>(
                        List.of("adapter", "distance", "in H", "cosine", "KL", "agreement"));
        if (layers) {
            head.addAll(List.of("span", "tangent"));
        }
        var rows = new ArrayList<List<String>>();
        for (AlignmentRow row : report.rows()) {
            PredictionAlignment p = row.predictions();
            var cells = new ArrayList<>(List.of(row.title()));
            cells.add(number(p.relativeDistance()));
            cells.add(number(p.relativeDistanceH()));
            cells.add(number(p.cosine()));
            cells.add(number(p.kl()));
            cells.add(number(p.agreement()));
            if (layers) {
                cells.add(number(row.whole().spanShare()));
                cells.add(number(row.whole().tangentShare()));
            }
            rows.add(cells);
        }
        return new Table(head, rows);
    }

    /// One line a layer, one column an adapter.
    static Table layers(AlignmentReport report) {
        List<AlignmentRow> adapters =
                report.rows().stream().filter(row -> !row.layers().isEmpty()).toList();
        var head = new ArrayList<>(List.of("layer (span / tangent)"));
        adapters.forEach(row -> head.add(row.title()));
        var rows = new ArrayList<List<String>>();
        for (String layer : report.layers()) {
            var cells = new ArrayList<>(List.of(layer));
            adapters.forEach(row -> cells.add(shares(row.layers().get(layer))));
            rows.add(cells);
        }
        return new Table(head, rows);
    }

    private static String shares(LayerAlignment layer) {
        return layer == null
                ? "–"
                : number(layer.spanShare()) + " / " + number(layer.tangentShare());
    }

    static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "–";
    }

    /// One line an adapter, behind it one a layer of it; what a line does not have is empty.
    public static String csv(AlignmentReport report) {
        var rows = new ArrayList<List<String>>();
        for (AlignmentRow row : report.rows()) {
            PredictionAlignment p = row.predictions();
            double[] whole =
                    row.layers().isEmpty()
                            ? new double[] {Double.NaN, Double.NaN, Double.NaN}
                            : shareValues(row.whole());
            rows.add(
                    line(
                            row,
                            "",
                            new double[] {
                                p.relativeDistance(),
                                p.relativeDistanceH(),
                                p.relativeDistanceRaw(),
                                p.cosine(),
                                p.kl(),
                                p.agreement()
                            },
                            whole));
            double[] none = new double[6];
            Arrays.fill(none, Double.NaN);
            row.layers().forEach((name, of) -> rows.add(line(row, name, none, shareValues(of))));
        }
        return new Table(CSV_HEAD, rows).csv();
    }

    private static double[] shareValues(LayerAlignment of) {
        return new double[] {of.update(), of.spanShare(), of.tangentShare()};
    }

    private static List<String> line(
            AlignmentRow row, String layer, double[] predictions, double[] shares) {
        var cells = new ArrayList<String>();
        cells.add(row.name());
        cells.add(row.step() == null ? "" : row.step().toString());
        cells.add(layer);
        DoubleStream.concat(Arrays.stream(predictions), Arrays.stream(shares))
                .mapToObj(value -> Double.isFinite(value) ? Double.toString(value) : "")
                .forEach(cells::add);
        return cells;
    }

    public static String json(AlignmentReport report) {
        var record = new LinkedHashMap<String, Object>();
        record.put("reference", report.reference());
        record.put("data", report.data());
        record.put(
                "adapters",
                report.rows().stream()
                        .map(
                                row -> {
                                    Map<String, Object> of = new LinkedHashMap<>();
                                    of.put("adapter", row.name());
                                    of.putAll(AlignmentReport.record(row));
                                    return of;
                                })
                        .toList());
        return JsonText.write(record);
    }
}
