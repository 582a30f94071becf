package cglora.pipeline.bench;

import cglora.pipeline.bench.Comparison.Column;
import cglora.pipeline.bench.Comparison.Row;
import java.util.List;
import java.util.Locale;

/// A comparison as one HTML page that needs nothing else: no script, no font, no network. Bars are
/// inline SVG that takes the width there is; all text is text.
public final class ComparisonPage {
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
            .test { margin: .7rem 0; break-inside: avoid; }
            .name { font-weight: 600; overflow-wrap: anywhere; }
            .bar { display: grid; grid-template-columns: 1fr 11rem; gap: .5rem;
                   align-items: center; }
            .bar svg { width: 100%; height: .8rem; display: block; background: #f2f2f2; }
            .best { font-weight: 600; }
            .key svg { width: .8rem; height: .8rem; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-size: .85rem; }
            th, td { border: 1px solid #ccc; padding: .2rem .4rem; text-align: right; }
            th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left; }
            li { overflow-wrap: anywhere; }
            @media (max-width: 30rem) { .bar { grid-template-columns: 1fr 8rem; } }
            @media print { body { max-width: none; } .wide { overflow: visible; } }
            """;

    private final Comparison comparison;
    private final StringBuilder html = new StringBuilder();

    private ComparisonPage(Comparison comparison) {
        this.comparison = comparison;
    }

    public static String html(Comparison comparison) {
        return new ComparisonPage(comparison).page();
    }

    private String page() {
        html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.append("<title>cglora bench</title>\n<style>\n").append(STYLE);
        html.append("</style>\n</head>\n<body>\n<h1>cglora bench</h1>\n<ul class=\"key\">\n");
        for (int c = 0; c < comparison.columns().size(); c++) {
            Column column = comparison.columns().get(c);
            html.append("<li>").append(rect(100, c)).append(" <b>");
            html.append(escape(column.title())).append("</b>: ");
            html.append(escape(ComparisonText.about(column))).append("</li>\n");
        }
        html.append("</ul>\n");
        html.append("<p>Medians. In brackets: how many times as good as ");
        html.append(escape(comparison.columns().getFirst().title())).append(".</p>\n");
        for (Suite suite : Suite.values()) {
            List<Row> rows = comparison.rows().stream().filter(r -> r.suite() == suite).toList();
            if (!rows.isEmpty()) {
                html.append("<h2>").append(suite).append("</h2>\n");
                rows.forEach(this::chart);
            }
        }
        table();
        return html.append("</body>\n</html>\n").toString();
    }

    private void chart(Row row) {
        double largest =
                row.results().stream()
                        .filter(result -> result != null && !result.hasFailed())
                        .mapToDouble(Result::median)
                        .max()
                        .orElse(0);
        html.append("<div class=\"test\"><div class=\"name\">").append(escape(row.test()));
        html.append(", ").append(row.unit());
        html.append(row.unit().moreIsBetter() ? "" : " (less is better)").append("</div>\n");
        for (int c = 0; c < row.results().size(); c++) {
            Result result = row.results().get(c);
            boolean timed = result != null && !result.hasFailed();
            html.append("<div class=\"bar\">");
            html.append(rect(timed && largest > 0 ? 100 * result.median() / largest : 0, c));
            html.append(c == row.best() ? "<span class=\"best\">" : "<span>");
            html.append(escape(ComparisonText.cell(row, c))).append("</span></div>\n");
        }
        html.append("</div>\n");
    }

    /// @param percent of the width there is
    private static String rect(double percent, int column) {
        return String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                        + "<rect width=\"%.1f\" height=\"10\" fill=\"%s\"/></svg>",
                percent,
                COLORS.get(column % COLORS.size()));
    }

    private void table() {
        html.append("<h2>All of it</h2>\n<div class=\"wide\"><table>\n");
        html.append("<tr><th>suite</th><th>test</th><th>unit</th>");
        comparison
                .columns()
                .forEach(c -> html.append("<th>").append(escape(c.title())).append("</th>"));
        html.append("</tr>\n");
        for (Row row : comparison.rows()) {
            html.append("<tr><td>").append(row.suite()).append("</td><td>");
            html.append(escape(row.test())).append("</td><td>").append(row.unit());
            html.append("</td>");
            for (int c = 0; c < row.results().size(); c++) {
                html.append(c == row.best() ? "<td class=\"best\">" : "<td>");
                html.append(escape(ComparisonText.cell(row, c))).append("</td>");
            }
            html.append("</tr>\n");
        }
        html.append("</table></div>\n");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
