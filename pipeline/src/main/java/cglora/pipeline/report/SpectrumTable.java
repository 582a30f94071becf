package cglora.pipeline.report;

import java.util.Locale;
import tools.jackson.databind.JsonNode;

/// The ranks of an adapter's layers and the spectra of the whitened gradients that CG-LoRA made
/// them from.
final class SpectrumTable {
    static final String STYLE =
            """
            svg.spectrum { width: 6rem; height: 1.6rem; display: block; }
            """;

    /// Values of a spectrum that are drawn.
    private static final int MOST = 64;

    private SpectrumTable() {}

    /// HTML; empty where no spectra were recorded.
    static String html(RunHistory run) {
        JsonNode ranks = run.last("ranks");
        if (ranks.path("modules").isEmpty()) {
            return "";
        }
        double largest = 0;
        int longest = 1;
        for (JsonNode module : ranks.path("modules")) {
            JsonNode values = module.path("singular_values");
            largest = Math.max(largest, values.path(0).asDouble(0));
            longest = Math.max(longest, Math.min(MOST, values.size()));
        }
        var html = new StringBuilder("<h2>The adapter's start, layer by layer</h2>\n<p>");
        html.append(
                String.format(
                        Locale.ROOT,
                        "%d parameters of factors. Singular values σ of the whitened gradient"
                                + " M = Ŝ^(−p) G Â^(−p), all layers on one scale from 0 to %.3g; what"
                                + " the layer's rank keeps is blue. Σσ² is the fall of the loss by a"
                                + " unit of the step, to first order.",
                        ranks.path("parameters").asLong(),
                        largest));
        html.append("</p>\n<div class=\"wide\"><table>\n<tr><th>layer</th><th>spectrum</th>");
        html.append("<th>rank</th><th>σ first</th><th>σ kept last</th><th>Σσ² kept</th>");
        html.append("<th>scale</th><th>out × in</th></tr>\n");
        for (JsonNode module : ranks.path("modules")) {
            row(html, module, largest, longest);
        }
        return html.append("</table></div>\n").toString();
    }

    private static void row(StringBuilder html, JsonNode module, double largest, int longest) {
        JsonNode values = module.path("singular_values");
        int rank = module.path("rank").asInt();
        double kept = 0;
        for (int i = 0; i < Math.min(rank, values.size()); i++) {
            kept += Math.pow(values.get(i).asDouble(0), 2);
        }
        html.append("<tr>");
        cell(html, module.path("module").asString(""));
        html.append("<td>").append(bars(values, rank, largest, longest)).append("</td>");
        cell(html, String.valueOf(rank));
        cell(html, number(values.path(0).asDouble(0)));
        cell(html, number(values.path(Math.min(rank, values.size()) - 1).asDouble(0)));
        cell(html, number(kept));
        cell(html, number(module.path("scale").asDouble(0)));
        cell(html, module.path("out").asInt() + " × " + module.path("in").asInt());
        html.append("</tr>\n");
    }

    private static void cell(StringBuilder html, String text) {
        html.append("<td>").append(Page.escape(text)).append("</td>");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }

    /// A bar a value.
    private static String bars(JsonNode values, int rank, double largest, int longest) {
        var svg =
                new StringBuilder(
                        "<svg class=\"spectrum\" preserveAspectRatio=\"none\" viewBox=\"0 0 ");
        svg.append(longest).append(" 10\" aria-hidden=\"true\">");
        for (int i = 0; i < Math.min(longest, values.size()); i++) {
            double height = largest > 0 ? 10 * values.get(i).asDouble(0) / largest : 0;
            svg.append(
                    String.format(
                            Locale.ROOT,
                            "<rect x=\"%.2f\" y=\"%.2f\" width=\".8\" height=\"%.2f\" fill=\"%s\"/>",
                            i + 0.1,
                            10 - height,
                            height,
                            i < rank ? Page.color(0) : "#bbb"));
        }
        return svg.append("</svg>").toString();
    }
}
