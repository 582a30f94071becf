package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.chat.Conversation;
import cglora.models.data.RawExample;
import cglora.models.data.TaggedWords;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Texts that come line by line, on standard input: a text each, or a JSON object with `text`
/// and `text_pair`, `messages`, or `tokens`, a list of words. What is there is taken as far as
/// it goes: nobody waits for lines that are still to come. Blank lines are skipped and counted. A
/// line that is wrong ends it, after the texts before it have been given out.
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

    private final ByteLines lines;
    private final Columns columns;
    private long number;
    private long blank;
    private long firstBlank;
    private CgloraException failure;

    InputLines(InputStream in, Columns columns) {
        this.lines = new ByteLines(in, LONGEST);
        this.columns = columns;
    }

    /// The next texts, at least one.
    ///
    /// @param most how many
    /// @return empty at the end
    /// @throws CgloraException D-TEXT, D-JSON, D-ENCODING or X-LIMIT, naming the line, where no
    ///     text stands before it that is still to be given out
    List<RawExample> next(int most) {
        var texts = new ArrayList<RawExample>();
        try {
            while (failure == null && texts.size() < most && (texts.isEmpty() || lines.isReady())) {
                number++;
                String line = lines.next();
                if (line == null) {
                    break;
                }
                if (!line.isBlank()) {
                    texts.add(example(line));
                } else if (blank++ == 0) {
                    firstBlank = number;
                }
            }
        } catch (CgloraException e) {
            failure = e;
        } catch (ByteLines.TooLong e) {
            failure =
                    error(
                            ErrorCode.X_LIMIT,
                            "%s, at most %d are taken".formatted(e.getMessage(), LONGEST),
                            "split it",
                            e);
        } catch (CharacterCodingException e) {
            failure = error(ErrorCode.D_ENCODING, "is not UTF-8", "give the text as UTF-8", e);
        } catch (IOException e) {
            failure = error(ErrorCode.D_MISSING, "cannot be read: " + e.getMessage(), "", e);
        }
        if (texts.isEmpty() && failure != null) {
            throw failure;
        }
        return texts;
    }

    /// @param notes is told of blank lines
    void tell(Problems notes) {
        if (blank > 0) {
            notes.warning(
                    ErrorCode.D_TEXT,
                    "standard input, line " + firstBlank,
                    blank == 1
                            ? "is blank: skipped, and has no answer"
                            : "is blank, as are %d more: skipped, and have no answers"
                                    .formatted(blank - 1),
                    "");
        }
    }

    private RawExample example(String line) {
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
