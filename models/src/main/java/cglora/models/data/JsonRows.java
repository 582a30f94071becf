package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.Reader;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The rows of a JSONL file: one object a line; `\n`, `\r\n` and `\r` end a line, and empty lines
/// are no rows.
final class JsonRows {
    /// The most characters of a line.
    private static final int LONGEST = 1 << 24;

    private final Reader reader;
    private final String path;
    private final BadRows bad;
    private final Set<String> lists;
    private final char[] buffer = new char[1 << 16];
    private int at;
    private int end;

    /// @param lists columns whose lists are kept, as JSON
    JsonRows(Reader reader, String path, BadRows bad, Set<String> lists) {
        this.lists = lists;
        this.reader = reader;
        this.path = path;
        this.bad = bad;
    }

    /// @throws CgloraException X-LIMIT for a line that is too long
    void read(Consumer<Row> rows) throws IOException {
        var text = new StringBuilder();
        long line = 1;
        boolean afterReturn = false;
        while (fill()) {
            int start = at;
            int stop = start;
            while (stop < end && buffer[stop] != '\n' && buffer[stop] != '\r') {
                stop++;
            }
            boolean isEnd = stop < end;
            boolean half = isEnd && buffer[stop] == '\n' && stop == start && afterReturn;
            text.append(buffer, start, stop - start);
            at = isEnd ? stop + 1 : stop;
            if (text.length() > LONGEST) {
                throw new CgloraException(
                        ErrorCode.X_LIMIT,
                        path + ":" + line,
                        "a line of more than " + LONGEST + " characters",
                        "write one object a line");
            }
            if (stop > start || isEnd) {
                afterReturn = isEnd && buffer[stop] == '\r';
            }
            if (isEnd && !half) {
                row(text.toString(), line++, rows);
                text.setLength(0);
            }
        }
        row(text.toString(), line, rows);
    }

    private boolean fill() throws IOException {
        if (at == end) {
            at = 0;
            end = Math.max(0, reader.read(buffer, 0, buffer.length));
        }
        return at < end;
    }

    private void row(String text, long line, Consumer<Row> rows) {
        if (text.isBlank()) {
            return;
        }
        JsonNode node;
        try {
            node = JsonMapper.shared().readTree(text);
        } catch (JacksonException e) {
            bad.add(BadRows.Kind.JSON, line, "not JSON (" + reason(e) + ")");
            return;
        }
        if (!node.isObject()) {
            bad.add(BadRows.Kind.NO_OBJECT, line, "is not an object");
            return;
        }
        var fields = new LinkedHashMap<String, String>();
        var numbers = new HashSet<String>();
        for (var property : node.properties()) {
            JsonNode value = property.getValue();
            boolean isKept = value.isArray() && lists.contains(property.getKey());
            if (!value.isString() && !isKept) {
                numbers.add(property.getKey());
            }
            fields.put(
                    property.getKey(),
                    isKept
                            ? value.toString()
                            : value.isValueNode() && !value.isNull() ? value.asString() : null);
        }
        rows.accept(new Row(fields, numbers, line));
    }

    /// What is wrong and where in its line, without the parser's remarks on its source.
    private static String reason(JacksonException e) {
        String what = e.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
        int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
        return column > 0 ? what + ", column " + column : what;
    }
}
