package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.chat.Conversation;
import cglora.models.data.RawExample;
import cglora.models.data.TaggedWords;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Texts that come line by line, on standard input: a text each, or a JSON object with `text`
/// and `text_pair`, `messages`, or `tokens`, a list of words. What is there is taken as far as
/// it goes: nobody waits for lines that are still to come.
final class InputLines {
    private static final int LONGEST = 1 << 22;

    /// Keys of texts in JSON objects, which may have them as `text` and `text_pair`, too.
    ///
    /// @param text  null for `text`
    /// @param pair  null for `text_pair`
    /// @param asked whether the text has to have its key
    record Columns(String text, String pair, boolean asked) {
        static final Columns USUAL = new Columns(null, null, false);
    }

    private final BufferedReader lines;
    private final Columns columns;
    private long number;

    InputLines(InputStream in, Columns columns) {
        this.lines =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
        this.columns = columns;
    }

    /// The next texts, at least one.
    ///
    /// @param most how many
    /// @return empty at the end
    /// @throws CgloraException D-TEXT, D-JSON, D-ENCODING or X-LIMIT, naming the line
    List<RawExample> next(int most) {
        var texts = new ArrayList<RawExample>();
        try {
            while (texts.size() < most && (texts.isEmpty() || lines.ready())) {
                String line = lines.readLine();
                if (line == null) {
                    break;
                }
                number++;
                texts.add(example(line));
            }
        } catch (CharacterCodingException e) {
            throw error(ErrorCode.D_ENCODING, "is not UTF-8", "give the text as UTF-8", e);
        } catch (IOException e) {
            throw error(ErrorCode.D_MISSING, "cannot be read: " + e.getMessage(), "", e);
        }
        return texts;
    }

    private RawExample example(String line) {
        if (line.length() > LONGEST) {
            throw error(
                    ErrorCode.X_LIMIT,
                    "has %d characters, at most %d are taken".formatted(line.length(), LONGEST),
                    "split it",
                    null);
        }
        if (!line.startsWith("{")) {
            return text(line, null);
        }
        JsonNode row;
        try {
            row = JsonMapper.shared().readTree(line);
        } catch (JacksonException e) {
            throw error(
                    ErrorCode.D_JSON,
                    "is not a JSON object: " + e.getOriginalMessage(),
                    "a text does not begin with {; write it as {\"text\": ...}",
                    e);
        }
        String column =
                columns.text() != null && (columns.asked() || row.has(columns.text()))
                        ? columns.text()
                        : "text";
        if (row.path(Conversation.COLUMN).isArray() && !row.has(column)) {
            String where = "standard input, line " + number;
            return new RawExample(
                    Conversation.of(row.path(Conversation.COLUMN).toString(), where), number);
        }
        JsonNode words = row.path("tokens").isArray() ? row.path("tokens") : row.path("words");
        if (words.isArray() && !row.has(column)) {
            return words(words);
        }
        boolean named = columns.pair() != null && row.has(columns.pair());
        JsonNode pair = row.path(named ? columns.pair() : "text_pair");
        String text = row.path(column).asString(null);
        if (text == null) {
            throw error(
                    ErrorCode.D_TEXT,
                    "has no text in '" + column + "'",
                    "give a text in every line",
                    null);
        }
        return text(text, pair.isString() ? pair.asString() : null);
    }

    private RawExample words(JsonNode words) {
        if (words.isEmpty() || !words.valueStream().allMatch(JsonNode::isString)) {
            throw error(
                    ErrorCode.D_TEXT,
                    words.isEmpty() ? "has no words" : "has words that are no texts",
                    "give a list of texts",
                    null);
        }
        return new RawExample(
                TaggedWords.of(words.valueStream().map(JsonNode::asString).toList()), number);
    }

    private RawExample text(String text, String pair) {
        if (text.isBlank()) {
            throw error(ErrorCode.D_TEXT, "is blank", "give a text in every line", null);
        }
        return new RawExample(text, pair, null, number);
    }

    private CgloraException error(ErrorCode code, String what, String fix, Exception cause) {
        return new CgloraException(code, "standard input, line " + number, what, fix, cause);
    }
}
