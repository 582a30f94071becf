package cglora.pipeline.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Bars made of parts, one a row, as HTML; each part says its number where the pointer rests on it,
/// and colours print.
final class StackedBars {
    /// @param title of the row
    /// @param says  its number, shown at the end of the bar
    /// @param parts by their names
    record Bar(String title, String says, Map<String, Double> parts) {
        double sum() {
            return parts.values().stream().mapToDouble(Double::doubleValue).sum();
        }
    }

    static final String STYLE =
            """
            .bar { display: grid; grid-template-columns: 6.5rem 1fr 6rem; gap: .5rem;
                   align-items: center; margin: .25rem 0; font-size: .85rem; }
            .bar > span { overflow-wrap: anywhere; } .bar > span:last-child { text-align: right; }
            .bar > div { display: flex; height: 1.1rem; background: #f4f4f4; }
            .bar i { display: block; height: 100%; print-color-adjust: exact;
                     -webkit-print-color-adjust: exact; }
            .key { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .85rem; }
            .key svg { display: inline; }
            @media (max-width: 30rem) { .bar { grid-template-columns: 4.5rem 1fr 3.8rem; } }
            """;

    private StackedBars() {}

    /// @param order of the parts' names, for their colours
    /// @param form  of the number of a part, as of [String#format]
    static String html(List<Bar> bars, List<String> order, String form) {
        double longest = bars.stream().mapToDouble(Bar::sum).max().orElse(0);
        var html = new StringBuilder();
        for (Bar bar : bars) {
            html.append("<div class=\"bar\"><span>").append(Page.escape(bar.title()));
            html.append("</span><div>");
            bar.parts().entrySet().stream()
                    .filter(part -> part.getValue() > 0)
                    .forEach(
                            part ->
                                    html.append(
                                            String.format(
                                                    Locale.ROOT,
                                                    "<i style=\"width:%.2f%%;background:%s\""
                                                            + " title=\"%s "
                                                            + form
                                                            + "\"></i>",
                                                    100 * part.getValue() / longest,
                                                    Page.color(order.indexOf(part.getKey())),
                                                    Page.escape(part.getKey()),
                                                    part.getValue())));
            html.append("</div><span>").append(Page.escape(bar.says())).append("</span></div>\n");
        }
        return html + Page.key(order);
    }
}
