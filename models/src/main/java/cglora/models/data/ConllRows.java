package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/// The sentences of a CoNLL file: a word and its tag on each line, with a tab or spaces between
/// them, and a blank line behind each sentence. Of more columns the first is the word and the
/// last the tag, as in CoNLL-2003, unless numbers say otherwise; its lines `-DOCSTART-` are no
/// words.
final class ConllRows {
    private static final String DOCUMENT = "-DOCSTART-";

    /// The most characters of a line, and the most words of a sentence.
    private static final int LONGEST = 1 << 20;

    private final Reader reader;
    private final String path;
    private final BadRows bad;
    private final String tokens;
    private final String tags;
    private final int wordColumn;
    private final int tagColumn;
    private final List<String> words = new ArrayList<>();
    private final List<String> found = new ArrayList<>();
    private long first;
    private boolean spoilt;

    /// @param columns null where rows are to be something else than words
    /// @throws CgloraException D-FORMAT where no words are asked for, D-COLUMN where a column is no
    ///     number
    ConllRows(Reader reader, String path, BadRows bad, WordColumns columns) {
        this.reader = reader;
        this.path = path;
        this.bad = bad;
        if (columns == null) {
            throw new CgloraException(
                    ErrorCode.D_FORMAT,
                    path,
                    "a CoNLL file holds words with tags, here texts are read",
                    "\"task\": \"TOKEN_CLS\" in the model stage");
        }
        tokens = columns.tokens() == null ? WordColumns.TOKENS.getFirst() : columns.tokens();
        tags = columns.tags() == null ? WordColumns.TAGS.getFirst() : columns.tags();
        wordColumn = columns.tokens() == null ? 0 : number(columns.tokens());
        tagColumn = columns.tags() == null ? -1 : number(columns.tags());
    }

    private int number(String column) {
        if (column.matches("\\d{1,3}")) {
            return Integer.parseInt(column);
        }
        throw new CgloraException(
                ErrorCode.D_COLUMN,
                path,
                "column '" + column + "': the columns of a CoNLL file have no names",
                "give its number, from 0");
    }

    /// @throws CgloraException X-LIMIT for a line or a sentence that is too long
    void read(Consumer<Row> rows) throws IOException {
        var text = new StringBuilder();
        char[] buffer = new char[1 << 16];
        long line = 1;
        boolean afterReturn = false;
        for (int count = reader.read(buffer); count >= 0; count = reader.read(buffer)) {
            for (int i = 0; i < count; i++) {
                char c = buffer[i];
                if (c != '\n' && c != '\r') {
                    text.append(c);
                    requireShort(text.length(), line, "a line of more than %d characters");
                } else if (c == '\r' || !afterReturn) {
                    line(text.toString(), line++, rows);
                    text.setLength(0);
                }
                afterReturn = c == '\r';
            }
        }
        line(text.toString(), line, rows);
        sentence(rows);
    }

    private void requireShort(int size, long line, String what) {
        if (size > LONGEST) {
            throw new CgloraException(
                    ErrorCode.X_LIMIT,
                    path + ":" + line,
                    what.formatted(LONGEST),
                    "write a word a line, and a blank line behind each sentence");
        }
    }

    private void line(String text, long line, Consumer<Row> rows) {
        if (text.isBlank()) {
            sentence(rows);
            return;
        }
        String[] columns =
                text.indexOf('\t') >= 0 ? text.split("\t", -1) : text.strip().split(" +");
        if (columns[0].equals(DOCUMENT)) {
            return;
        }
        if (words.isEmpty() && !spoilt) {
            first = line;
        }
        int tag = tagColumn >= 0 ? tagColumn : Math.max(1, columns.length - 1);
        boolean isTagged = columns.length > tag;
        boolean differs = !words.isEmpty() && isTagged == found.isEmpty();
        if (columns.length <= wordColumn || differs || tagColumn >= 0 && !isTagged) {
            spoilt = true;
            bad.add(
                    BadRows.Kind.FIELDS,
                    line,
                    "%d columns, expected a word and its tag".formatted(columns.length));
            return;
        }
        words.add(columns[wordColumn]);
        if (isTagged) {
            found.add(columns[tag]);
        }
        requireShort(words.size(), line, "a sentence of more than %d words");
    }

    private void sentence(Consumer<Row> rows) {
        if (!words.isEmpty() && !spoilt) {
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put(tokens, JsonMapper.shared().writeValueAsString(words));
            if (!found.isEmpty()) {
                fields.put(tags, JsonMapper.shared().writeValueAsString(found));
            }
            rows.accept(new Row(fields, Set.of(), first, true));
        }
        words.clear();
        found.clear();
        spoilt = false;
    }
}
