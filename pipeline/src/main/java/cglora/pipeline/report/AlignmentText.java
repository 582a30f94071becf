package cglora.pipeline.report;

import cglora.models.curvature.LayerAlignment;
import cglora.models.curvature.PredictionAlignment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// An alignment as Markdown, CSV or JSON.
public final class AlignmentText {
    private static final JsonMapper PRETTY =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private AlignmentText() {}

    public static String markdown(AlignmentReport report) {
        var text = new StringBuilder();
        text.append("Reference f*: ").append(report.reference()).append("  \n");
        text.append("Measured on: ").append(report.data()).append("\n\n");
        boolean layers = report.hasLayers();
        text.append("| adapter | distance | in H | cosine | KL | agreement |");
        text.append(layers ? " span | tangent |\n" : "\n");
        text.append("|---|---:|---:|---:|---:|---:|").append(layers ? "---:|---:|\n" : "\n");
        for (AlignmentRow row : report.rows()) {
            text.append("| ").append(cell(row.title())).append(" | ");
            text.append(String.join(" | ", figures(row.predictions()))).append(" |");
            if (layers) {
                LayerAlignment all = row.whole();
                text.append(' ').append(number(all.spanShare()));
                text.append(" | ").append(number(all.tangentShare())).append(" |");
            }
            text.append('\n');
        }
        text.append('\n').append(AlignmentReport.LEGEND).append('\n');
        if (layers) {
            layers(report, text);
        }
        return text.toString();
    }

    private static void layers(AlignmentReport report, StringBuilder text) {
        List<AlignmentRow> rows =
                report.rows().stream().filter(row -> !row.layers().isEmpty()).toList();
        text.append('\n').append(AlignmentReport.LAYERS).append("\n\n| layer (span / tangent) |");
        rows.forEach(row -> text.append(' ').append(cell(row.title())).append(" |"));
        text.append("\n|---|").append("---:|".repeat(rows.size())).append('\n');
        for (String layer : report.layers()) {
            text.append("| ").append(cell(layer)).append(" |");
            for (AlignmentRow row : rows) {
                text.append(' ').append(shares(row.layers().get(layer))).append(" |");
            }
            text.append('\n');
        }
    }

    static String shares(LayerAlignment layer) {
        return layer == null
                ? "–"
                : number(layer.spanShare()) + " / " + number(layer.tangentShare());
    }

    /// Distance, in H, cosine, KL and agreement.
    static List<String> figures(PredictionAlignment p) {
        return List.of(
                number(p.relativeDistance()),
                number(p.relativeDistanceH()),
                number(p.cosine()),
                number(p.kl()),
                number(p.agreement()));
    }

    static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "–";
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    /// One line an adapter, behind it one a layer of it; what a line does not have is empty.
    public static String csv(AlignmentReport report) {
        var text =
                new StringBuilder(
                        "adapter,step,layer,distance,distance_h,distance_raw,cosine,kl,agreement,"
                                + "update,span,tangent\n");
        for (AlignmentRow row : report.rows()) {
            String start = quoted(row.name()) + "," + (row.step() == null ? "" : row.step());
            PredictionAlignment p = row.predictions();
            text.append(start)
                    .append(",,")
                    .append(
                            values(
                                    p.relativeDistance(),
                                    p.relativeDistanceH(),
                                    p.relativeDistanceRaw(),
                                    p.cosine(),
                                    p.kl(),
                                    p.agreement()));
            text.append(',').append(row.layers().isEmpty() ? ",," : layer(row.whole()));
            text.append('\n');
            row.layers()
                    .forEach(
                            (name, of) ->
                                    text.append(start)
                                            .append(',')
                                            .append(quoted(name))
                                            .append(",,,,,,,")
                                            .append(layer(of))
                                            .append('\n'));
        }
        return text.toString();
    }

    private static String layer(LayerAlignment of) {
        return values(of.update(), of.spanShare(), of.tangentShare());
    }

    private static String values(double... values) {
        return Arrays.stream(values)
                .mapToObj(value -> Double.isFinite(value) ? Double.toString(value) : "")
                .collect(Collectors.joining(","));
    }

    private static String quoted(String text) {
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
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
        return PRETTY.writeValueAsString(record) + "\n";
    }
}
