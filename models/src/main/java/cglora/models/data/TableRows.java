package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// The rows of a TSV or CSV (RFC 4180) file. A quoted field may hold separators and line ends.
final class TableRows {
    /// The most characters of a row.
    private static final int LONGEST = 1 << 24;

    private final Reader reader;
    private final String path;
    private final BadRows bad;
    private final char separator;
    private final boolean quoted;
    private final Boolean header;
    private final DataColumns columns;
    private final char[] buffer = new char[1 << 16];
    private int at;
    private int end;
    private List<String> names;
    private Consumer<Row> rows;

    /// @param type    `tsv` or `csv`
    /// @param columns those that are asked for, which tell a header
    TableRows(
            Reader reader,
            String path,
            BadRows bad,
            String type,
            DataFormat format,
            DataColumns columns) {
        this.reader = reader;
        this.path = path;
        this.bad = bad;
        this.separator = type.equals("csv") ? ',' : '\t';
        this.quoted = format.quote() == null ? type.equals("csv") : format.quote().equals("double");
        this.header = format.header();
        this.columns = columns;
    }

    /// @throws CgloraException D-COLUMN for a header that names a column twice, D-ROW for a quote
    ///     that is never closed, X-LIMIT for a row that is too long
    void read(Consumer<Row> to) throws IOException {
        rows = to;
        var fields = new ArrayList<String>();
        var field = new StringBuilder();
        long line = 1;
        long start = 1;
        long length = 0;
        boolean inside = false;
        for (int next = next(); next >= 0; next = next()) {
            char c = (char) next;
            boolean isEnd = c == '\n' || c == '\r';
            if (c == '\r' && peek() == '\n') {
                next();
            }
            line += isEnd ? 1 : 0;
            if (++length > LONGEST) {
                throw tooLong(inside, start);
            }
            if (inside) {
                if (c == '"' && peek() == '"') {
                    field.append('"');
                    next();
                } else if (c == '"') {
                    inside = false;
                } else {
                    field.append(isEnd ? '\n' : c);
                }
            } else if (quoted && c == '"' && field.isEmpty()) {
                inside = true;
            } else if (c == separator) {
                fields.add(field.toString());
                field.setLength(0);
            } else if (isEnd) {
                finish(fields, field, start);
                start = line;
                length = 0;
            } else {
                field.append(c);
            }
        }
        if (inside) {
            throw error(
                    ErrorCode.D_ROW,
                    start,
                    "the quote that opens here is never closed",
                    "close it; where quotes are literal, \"format\": {\"quote\": \"none\"}");
        }
        finish(fields, field, start);
    }

    private int next() throws IOException {
        int next = peek();
        at++;
        return next;
    }

    /// -1 at the end.
    private int peek() throws IOException {
        if (at >= end) {
            at = 0;
            end = Math.max(0, reader.read(buffer, 0, buffer.length));
        }
        return at < end ? buffer[at] : -1;
    }

    /// The end of a line; an empty one is no row.
    private void finish(List<String> fields, StringBuilder field, long line) {
        if (!fields.isEmpty() || !field.isEmpty()) {
            fields.add(field.toString());
            if (names == null) {
                first(List.copyOf(fields), line);
            } else {
                row(fields, line);
            }
        }
        fields.clear();
        field.setLength(0);
    }

    private void first(List<String> record, long line) {
        boolean named = header == null ? looksLikeHeader(record) : header;
        int width = record.size();
        names = new ArrayList<>();
        for (int i = 0; i < width; i++) {
            names.add(named ? record.get(i) : String.valueOf(i));
        }
        for (int i = 0; named && i < width; i++) {
            int first = names.indexOf(names.get(i));
            if (first < i) {
                throw error(
                        ErrorCode.D_COLUMN,
                        line,
                        "the header names '%s' twice, columns %d and %d"
                                .formatted(names.get(i), first + 1, i + 1),
                        "give each column a name of its own");
            }
        }
        if (!named && columns.text() == null && width == 2) {
            names = List.of("text", "label");
        }
        if (!named) {
            row(record, line);
        }
    }

    private void row(List<String> values, long line) {
        if (values.size() != names.size()) {
            bad.add(
                    BadRows.Kind.FIELDS,
                    line,
                    "expected " + names.size() + " fields; there is another number",
                    quoted
                            ? "check the quotes; where they are literal, \"quote\": \"none\""
                            : "correct the rows");
            return;
        }
        var fields = new LinkedHashMap<String, String>();
        for (int i = 0; i < names.size(); i++) {
            fields.put(names.get(i), values.get(i));
        }
        rows.accept(new Row(fields, Set.of(), line));
    }

    private boolean looksLikeHeader(List<String> first) {
        var wanted = new ArrayList<>(ColumnChoice.TEXT);
        wanted.addAll(ColumnChoice.LABEL);
        for (String name :
                new String[] {
                    columns.text(), columns.textPair(), columns.label(), columns.target()
                }) {
            if (name != null && !name.chars().allMatch(Character::isDigit)) {
                wanted.add(name);
            }
        }
        return first.stream().anyMatch(wanted::contains);
    }

    private CgloraException tooLong(boolean inside, long line) {
        return error(
                inside ? ErrorCode.D_ROW : ErrorCode.X_LIMIT,
                line,
                inside
                        ? "the quote that opens in this row is not closed within %d characters"
                                .formatted(LONGEST)
                        : "a row of more than " + LONGEST + " characters",
                inside
                        ? "close it; where quotes are literal, \"format\": {\"quote\": \"none\"}"
                        : "is this a text file with one row a line?");
    }

    private CgloraException error(ErrorCode code, long line, String what, String fix) {
        return new CgloraException(code, path + ":" + line, what, fix);
    }
}
