package cglora.pipeline.bench;

import cglora.pipeline.bench.Comparison.Column;
import cglora.pipeline.bench.Comparison.Row;
import cglora.pipeline.report.Page;
import java.util.List;
import java.util.Locale;

/// A comparison as one HTML page that needs nothing else: no script, no font, no network. Bars are
/// inline SVG that takes the width there is; all text is text.
public final class ComparisonPage {
    private static final String STYLE =
            """
            .test { margin: .7rem 0; break-inside: avoid; }
            .name { font-weight: 600; overflow-wrap: anywhere; }
            .bar { display: grid; grid-template-columns: 1fr 11rem; gap: .5rem;
                   align-items: center; }
            .bar svg { width: 100%; height: .8rem; display: block; background: #f2f2f2; }
            th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left; }
            @media (max-width: 30rem) { .bar { grid-template-columns: 1fr 8rem; } }
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
        html.append("<ul class=\"key\">\n");
        for (int c = 0; c < comparison.columns().size(); c++) {
            Column column = comparison.columns().get(c);
            html.append("<li>").append(Page.swatch(c)).append(" <b>");
            html.append(Page.escape(column.heading())).append("</b>: ");
            html.append(Page.escape(ComparisonText.about(column))).append("</li>\n");
        }
        html.append("</ul>\n");
        html.append("<p>Medians. In brackets: how many times as good as ");
        html.append(Page.escape(comparison.columns().getFirst().title())).append(".</p>\n");
        for (Suite suite : Suite.values()) {
            List<Row> rows = comparison.rows().stream().filter(r -> r.suite() == suite).toList();
            if (!rows.isEmpty()) {
                html.append("<h2>").append(suite).append("</h2>\n");
                rows.forEach(this::chart);
            }
        }
        table();
        return Page.of("cglora bench", "cglora bench", STYLE, html);
    }

    private void chart(Row row) {
        double largest =
                row.results().stream()
                        .filter(result -> result != null && !result.hasFailed())
                        .mapToDouble(Result::median)
                        .max()
                        .orElse(0);
        html.append("<div class=\"test\"><div class=\"name\">").append(Page.escape(row.test()));
        html.append(", ").append(row.unit());
        html.append(row.unit().moreIsBetter() ? "" : " (less is better)").append("</div>\n");
        for (int c = 0; c < row.results().size(); c++) {
            Result result = row.results().get(c);
            boolean timed = result != null && !result.hasFailed();
            html.append("<div class=\"bar\">");
            html.append(rect(timed && largest > 0 ? 100 * result.median() / largest : 0, c));
            html.append(c == row.best() ? "<span class=\"best\">" : "<span>");
            html.append(Page.escape(ComparisonText.cell(row, c))).append("</span></div>\n");
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
                Page.color(column));
    }

    private void table() {
        html.append("<h2>All of it</h2>\n<div class=\"wide\"><table>\n");
        html.append("<tr><th>suite</th><th>test</th><th>unit</th>");
        comparison
                .columns()
                .forEach(c -> html.append("<th>").append(Page.escape(c.heading())).append("</th>"));
        html.append("</tr>\n");
        for (Row row : comparison.rows()) {
            html.append("<tr><td>").append(row.suite()).append("</td><td>");
            html.append(Page.escape(row.test())).append("</td><td>").append(row.unit());
            html.append("</td>");
            for (int c = 0; c < row.results().size(); c++) {
                html.append(c == row.best() ? "<td class=\"best\">" : "<td>");
                html.append(Page.escape(ComparisonText.cell(row, c))).append("</td>");
            }
            html.append("</tr>\n");
        }
        html.append("</table></div>\n");
    }
}
