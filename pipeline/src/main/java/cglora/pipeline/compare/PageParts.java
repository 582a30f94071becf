package cglora.pipeline.compare;

import cglora.pipeline.bench.Table;
import java.util.List;

/// What the pages of comparisons are made of: HTML without script, font or network.
final class PageParts {
    static final String END = "</body>\n</html>\n";

    private static final String STYLE =
            """
            body { font: 15px/1.4 system-ui, sans-serif; color: #111; background: #fff;
                   max-width: 60rem; margin: 1rem auto; padding: 0 .8rem; }
            h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
            h3 { font-size: 1rem; margin-bottom: .3rem; }
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

    private PageParts() {}

    /// Everything up to the first heading.
    static String start(String title) {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<title>cglora compare</title>\n<style>\n"
                + STYLE
                + "</style>\n</head>\n<body>\n<h1>"
                + escape(title)
                + "</h1>\n";
    }

    static String table(String title, Table table) {
        var html = new StringBuilder("<h3>").append(escape(title));
        html.append("</h3>\n<div class=\"wide\"><table>\n<tr>");
        table.head().forEach(cell -> html.append("<th>").append(escape(cell)).append("</th>"));
        html.append("</tr>\n");
        for (List<String> row : table.rows()) {
            html.append("<tr>");
            row.forEach(cell -> html.append("<td>").append(escape(cell)).append("</td>"));
            html.append("</tr>\n");
        }
        return html.append("</table></div>\n").toString();
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
