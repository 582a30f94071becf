package cglora.pipeline.report;

import java.util.List;

/// What the pages are made of: HTML that needs nothing else, no script, no font, no network, and
/// reads well on a phone and in print.
public final class Page {
    /// Colours that stay apart for the colour-blind and in print (Okabe and Ito).
    private static final List<String> COLORS =
            List.of(
                    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
                    "#555555");

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
            li { overflow-wrap: anywhere; }
            .best { font-weight: 600; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-size: .85rem; }
            th, td { border: 1px solid #ccc; padding: .2rem .4rem; text-align: right;
                     white-space: nowrap; }
            th:first-child, td:first-child { text-align: left; white-space: normal;
                                             overflow-wrap: anywhere; min-width: 7rem; }
            @media print { body { max-width: none; } .wide { overflow: visible; }
                           th, td { white-space: normal; } }
            """;

    /// In the head of every page, by which [#isOurs] knows it.
    private static final String MARK = "<meta name=\"generator\" content=\"cglora\">";

    private static final int LONGEST_HEAD = 400;

    private Page() {}

    /// Whether a text is a page that was made here.
    public static boolean isOurs(String html) {
        return html.substring(0, Math.min(LONGEST_HEAD, html.length())).contains(MARK);
    }

    /// A whole page.
    ///
    /// @param title of the window
    /// @param head  the first heading
    /// @param style CSS beside what all pages have
    /// @param body  HTML behind the heading
    public static String of(String title, String head, String style, CharSequence body) {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + MARK
                + "\n<title>"
                + escape(title)
                + "</title>\n<style>\n"
                + STYLE
                + style
                + "</style>\n</head>\n<body>\n<h1>"
                + escape(head)
                + "</h1>\n"
                + body
                + "</body>\n</html>\n";
    }

    /// A table that scrolls by itself where it is wider than the page.
    public static String table(Table table) {
        var html = new StringBuilder("<div class=\"wide\"><table>\n<tr>");
        table.head().forEach(cell -> html.append("<th>").append(escape(cell)).append("</th>"));
        html.append("</tr>\n");
        for (List<String> row : table.rows()) {
            html.append("<tr>");
            row.forEach(cell -> html.append("<td>").append(escape(cell)).append("</td>"));
            html.append("</tr>\n");
        }
        return html.append("</table></div>\n").toString();
    }

    /// A list of texts.
    public static String list(List<String> lines) {
        var html = new StringBuilder("<ul>\n");
        lines.forEach(line -> html.append("<li>").append(escape(line)).append("</li>\n"));
        return html.append("</ul>\n").toString();
    }

    /// Which colour is what, in the order of [#color].
    public static String key(List<String> names) {
        var html = new StringBuilder("<ul class=\"key\">\n");
        for (int i = 0; i < names.size(); i++) {
            html.append("<li>").append(swatch(i)).append(' ');
            html.append(escape(names.get(i))).append("</li>\n");
        }
        return html.append("</ul>\n").toString();
    }

    /// A patch of a series' colour.
    public static String swatch(int series) {
        return "<svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect width=\"10\" height=\"10\""
                + " fill=\""
                + color(series)
                + "\"/></svg>";
    }

    public static String color(int series) {
        return COLORS.get(series % COLORS.size());
    }

    public static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
