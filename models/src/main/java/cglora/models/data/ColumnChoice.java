package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Suggestion;
import java.util.List;
import java.util.stream.Stream;

/// Which columns of a file hold text and label: those that are asked for, else those of the usual
/// names.
///
/// @param text  the column of the text
/// @param pair  that of the second text; null for none
/// @param label that of the label; null for none
/// @param kind  what the text is
record ColumnChoice(String text, String pair, String label, Kind kind) {
    /// What a row holds.
    enum Kind {
        TEXT,
        CHAT,
        /// Lists: words, and their tags where the label is.
        WORDS
    }

    static final List<String> TEXT =
            List.of(
                    "text",
                    "sentence",
                    "sentence1",
                    "question1",
                    "premise",
                    "question",
                    "content",
                    "review",
                    "utterance");
    static final List<String> PAIR = List.of("text_pair", "sentence2", "question2", "hypothesis");
    static final List<String> LABEL =
            List.of("label", "labels", "class", "target", "category", "intent");

    /// What stands beside a question: QNLI's and BoolQ's names.
    private static final List<String> ANSWERS = List.of("sentence", "passage");
    private static final List<String> SOURCE = List.of("source", "input", "document", "article");
    private static final List<String> TARGET =
            List.of("target", "output", "summary", "answer", "highlights");

    /// @param known the file's columns
    /// @throws CgloraException D-COLUMN where one is not there
    static ColumnChoice of(
            DataColumns wanted, List<String> known, boolean labelsRequired, String path) {
        if (known.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.D_COLUMN,
                    path,
                    "the first row has no columns",
                    "give each row a text and a label");
        }
        var finder = new Finder(known, path);
        String messages = wanted.conversations();
        boolean others = wanted.text() != null || wanted.target() != null || wanted.label() != null;
        if (wanted.messages() != null || messages != null && !others && known.contains(messages)) {
            String column = finder.column(messages, List.of(), null);
            return new ColumnChoice(column, null, null, Kind.CHAT);
        }
        if (wanted.words() != null && isOfWords(wanted, known)) {
            return words(wanted.words(), finder, labelsRequired);
        }
        boolean question =
                wanted.text() == null
                        && wanted.textPair() == null
                        && known.contains("question")
                        && !known.contains("text")
                        && ANSWERS.stream().anyMatch(known::contains);
        return new ColumnChoice(
                question
                        ? "question"
                        : finder.column(
                                wanted.text(), wanted.writes() ? both(TEXT, SOURCE) : TEXT, "text"),
                DataColumns.NONE.equals(wanted.textPair())
                        ? null
                        : finder.column(wanted.textPair(), question ? ANSWERS : PAIR, null),
                wanted.writes() && (wanted.target() != null || wanted.label() == null)
                        ? finder.column(
                                wanted.target(),
                                both(TARGET, LABEL),
                                labelsRequired ? "target" : null)
                        : finder.column(wanted.label(), LABEL, labelsRequired ? "label" : null),
                Kind.TEXT);
    }

    /// Whether rows are lists of words: they have to be, or there is no text.
    private static boolean isOfWords(DataColumns wanted, List<String> known) {
        return wanted.words().required()
                || TEXT.stream().noneMatch(known::contains)
                        && WordColumns.TOKENS.stream().anyMatch(known::contains);
    }

    private static ColumnChoice words(WordColumns wanted, Finder finder, boolean labelsRequired) {
        String tokens = finder.column(wanted.tokens(), WordColumns.TOKENS, "tokens");
        String tags =
                finder.column(wanted.tags(), WordColumns.TAGS, labelsRequired ? "tags" : null);
        return new ColumnChoice(tokens, null, labelsRequired ? tags : null, Kind.WORDS);
    }

    private static List<String> both(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).distinct().toList();
    }

    private record Finder(List<String> known, String path) {
        String column(String wanted, List<String> usual, String required) {
            if (wanted != null) {
                if (known.contains(wanted)) {
                    return wanted;
                }
                String near = Suggestion.nearest(wanted, known);
                throw error(
                        "no column '" + wanted + "'; there are " + String.join(", ", known),
                        near.isEmpty() ? "name one of them" : "did you mean '" + near + "'?");
            }
            for (String name : usual) {
                if (known.contains(name)) {
                    return name;
                }
            }
            if (required == null) {
                return null;
            }
            throw error(
                    "no column of the usual names for the "
                            + required
                            + "; there are "
                            + String.join(", ", known),
                    known.size() == 1 && known.getFirst().contains(",")
                            ? "\"format\": {\"type\": \"csv\"}, if commas separate the fields"
                            : "\"columns\": {\""
                                    + required
                                    + "\": \""
                                    + likely(required, usual)
                                    + "\"}");
        }

        /// The column that is spelled most like a usual name; else one that has no usual name.
        private String likely(String required, List<String> usual) {
            String near = Suggestion.nearest(required, known);
            return !near.isEmpty()
                    ? near
                    : known.stream()
                            .filter(name -> !TEXT.contains(name) && !PAIR.contains(name))
                            .filter(name -> !LABEL.contains(name) && !usual.contains(name))
                            .findFirst()
                            .orElse(known.getFirst());
        }

        private CgloraException error(String what, String fix) {
            return new CgloraException(ErrorCode.D_COLUMN, path, what, fix);
        }
    }
}
