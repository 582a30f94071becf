package cglora.pipeline.report;

import java.util.List;
import java.util.stream.Collectors;

/// Rows of text under a head, as Markdown and as CSV.
///
/// @param head one text a column
/// @param rows of as many texts
public record Table(List<String> head, List<List<String>> rows) {
    public Table {
        head = List.copyOf(head);
        rows = rows.stream().map(List::copyOf).toList();
        for (List<String> row : rows) {
            if (row.size() != head.size()) {
                throw new IllegalArgumentException(row + " under " + head);
            }
        }
    }

    /// A table of GitHub's Markdown, its columns aligned for those who read the text itself.
    public String markdown() {
        int[] widths = new int[head.size()];
        for (int c = 0; c < widths.length; c++) {
            int column = c;
            widths[c] =
                    Math.max(
                            3,
                            Math.max(
                                    escape(head.get(c)).length(),
                                    rows.stream()
                                            .mapToInt(row -> escape(row.get(column)).length())
                                            .max()
                                            .orElse(0)));
        }
        var text = new StringBuilder(line(head, widths));
        for (int width : widths) {
            text.append('|').append("-".repeat(width + 2));
        }
        text.append("|\n");
        rows.forEach(row -> text.append(line(row, widths)));
        return text.toString();
    }

    private static String line(List<String> cells, int[] widths) {
        var text = new StringBuilder();
        for (int c = 0; c < widths.length; c++) {
            String cell = escape(cells.get(c));
            text.append("| ").append(cell).append(" ".repeat(widths[c] - cell.length() + 1));
        }
        return text.append("|\n").toString();
    }

    private static String escape(String cell) {
        return cell.replaceAll("\\s+", " ").replace("|", "\\|");
    }

    /// RFC 4180: lines end with CR LF, and what holds a comma, a quote or a line break is quoted.
    public String csv() {
        var text = new StringBuilder(csvLine(head));
        rows.forEach(row -> text.append(csvLine(row)));
        return text.toString();
    }

    private static String csvLine(List<String> cells) {
        return cells.stream().map(Table::quoted).collect(Collectors.joining(",", "", "\r\n"));
    }

    private static String quoted(String cell) {
        boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }
}
