package cglora.pipeline.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Class by class, before and after: recall, precision, F1, and what was taken for what.
final class ClassTables {
    /// Classes up to which the counts are a table; more are a picture.
    private static final int TABLE = 12;

    /// Classes up to which there is a picture.
    private static final int PICTURE = 200;

    private static final int MISTAKES = 10;

    private final List<String> labels;
    private final String first;
    private final String last;
    private final long[][] before;
    private final long[][] after;

    private ClassTables(List<String> labels, Map<String, long[][]> confusions) {
        var states = new ArrayList<>(confusions.keySet());
        this.labels = labels;
        this.first = states.getFirst();
        this.last = states.getLast();
        this.before = confusions.get(first);
        this.after = confusions.get(last);
    }

    /// HTML; empty where no classes were counted.
    static String html(RunHistory run) {
        Map<String, long[][]> confusions = run.confusions();
        List<String> labels = run.labels();
        if (confusions.isEmpty()
                || confusions.values().stream().anyMatch(c -> c.length != labels.size())) {
            return "";
        }
        return new ClassTables(labels, confusions).draw();
    }

    private String draw() {
        var html = new StringBuilder("<h2>Class by class</h2>\n");
        boolean both = !first.equals(last);
        html.append("<p>").append(Page.escape(last));
        if (both) {
            html.append("; “before” is ").append(Page.escape(first));
        }
        html.append(".</p>\n").append(Page.table(classes(both)));
        html.append("<h2>What was taken for what</h2>\n");
        if (labels.size() <= TABLE) {
            html.append("<p>Rows are the true classes, columns the predicted ones; ");
            html.append(Page.escape(last)).append(".</p>\n").append(counts());
        } else if (labels.size() <= PICTURE) {
            html.append(picture());
        }
        Table mistakes = mistakes();
        if (!mistakes.rows().isEmpty() && labels.size() > 2) {
            html.append("<h3>The most frequent mistakes</h3>\n").append(Page.table(mistakes));
        }
        return html.toString();
    }

    private Table classes(boolean both) {
        var head = new ArrayList<>(List.of("class", "examples", "precision", "recall", "F1"));
        if (both) {
            head.add("F1 before");
        }
        var rows = new ArrayList<List<String>>();
        for (int c = 0; c < labels.size(); c++) {
            long actual = Arrays.stream(after[c]).sum();
            var row = new ArrayList<>(List.of(labels.get(c), String.valueOf(actual)));
            row.add(share(after[c][c], predicted(after, c)));
            row.add(share(after[c][c], actual));
            row.add(f1(after, c));
            if (both) {
                row.add(f1(before, c));
            }
            rows.add(row);
        }
        return new Table(head, rows);
    }

    private static long predicted(long[][] counts, int c) {
        long sum = 0;
        for (long[] row : counts) {
            sum += row[c];
        }
        return sum;
    }

    private static String f1(long[][] counts, int c) {
        return share(2 * counts[c][c], Arrays.stream(counts[c]).sum() + predicted(counts, c));
    }

    private static String share(long part, long whole) {
        return whole == 0 ? "–" : String.format(Locale.ROOT, "%.3f", (double) part / whole);
    }

    /// The counts, shaded by their share of the true class.
    private String counts() {
        var html = new StringBuilder("<div class=\"wide\"><table class=\"counts\">\n<tr><th></th>");
        labels.forEach(l -> html.append("<th>").append(Page.escape(l)).append("</th>"));
        html.append("</tr>\n");
        for (int i = 0; i < after.length; i++) {
            html.append("<tr><th>").append(Page.escape(labels.get(i))).append("</th>");
            long sum = Math.max(1, Arrays.stream(after[i]).sum());
            for (int j = 0; j < after.length; j++) {
                html.append("<td style=\"background:").append(shade(i == j, after[i][j], sum));
                html.append("\">").append(after[i][j]).append("</td>");
            }
            html.append("</tr>\n");
        }
        return html.append("</table></div>\n").toString();
    }

    /// Right is blue, wrong is orange; the more, the stronger, and black text stays readable.
    private static String shade(boolean right, long count, long sum) {
        int[] full = right ? new int[] {110, 175, 220} : new int[] {240, 175, 90};
        double share = (double) count / sum;
        return String.format(
                "#%02x%02x%02x",
                Math.round(255 - share * (255 - full[0])),
                Math.round(255 - share * (255 - full[1])),
                Math.round(255 - share * (255 - full[2])));
    }

    /// The same for many classes: a square a pair, empty ones left out.
    private String picture() {
        int n = labels.size();
        var html = new StringBuilder("<figure><figcaption>Down: the true class; across: the");
        html.append(" predicted one, in the order of the table above; ");
        html.append(Page.escape(last))
                .append("</figcaption>\n<svg class=\"matrix\" viewBox=\"0 0 ");
        html.append(n).append(' ').append(n).append("\" role=\"img\" aria-label=\"confusion\">\n");
        html.append("<rect width=\"").append(n).append("\" height=\"").append(n);
        html.append("\" fill=\"#f4f4f4\"/>\n");
        for (int i = 0; i < n; i++) {
            long sum = Math.max(1, Arrays.stream(after[i]).sum());
            for (int j = 0; j < n; j++) {
                if (after[i][j] > 0) {
                    html.append("<rect x=\"").append(j).append("\" y=\"").append(i);
                    html.append("\" width=\"1\" height=\"1\" fill=\"");
                    html.append(shade(i == j, after[i][j] + sum / 8, sum + sum / 8));
                    html.append("\"><title>").append(after[i][j]).append(" × ");
                    html.append(Page.escape(labels.get(i))).append(" → ");
                    html.append(Page.escape(labels.get(j))).append("</title></rect>\n");
                }
            }
        }
        return html.append("</svg></figure>\n").toString();
    }

    private record Mistake(int actual, int predicted, long count) {}

    private Table mistakes() {
        var all = new ArrayList<Mistake>();
        for (int i = 0; i < after.length; i++) {
            for (int j = 0; j < after.length; j++) {
                if (i != j && after[i][j] > 0) {
                    all.add(new Mistake(i, j, after[i][j]));
                }
            }
        }
        all.sort(Comparator.comparingLong(Mistake::count).reversed());
        return new Table(
                List.of("true class", "taken for", "examples"),
                all.stream()
                        .limit(MISTAKES)
                        .map(
                                m ->
                                        List.of(
                                                labels.get(m.actual()),
                                                labels.get(m.predicted()),
                                                String.valueOf(m.count())))
                        .toList());
    }
}
