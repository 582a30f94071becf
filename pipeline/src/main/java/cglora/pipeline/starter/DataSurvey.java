package cglora.pipeline.starter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import cglora.models.data.RawExample;
import cglora.models.data.WordColumns;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a data file seems to hold: which columns are texts, which is the label, and whether labels
/// are classes or numbers.
///
/// @param header     whether the first row names the columns; null where readers find that out
///     themselves, and where there is no such row in the format
/// @param tagged     whether rows are lists of words with tags
/// @param text       the column of the text, or of the words, as `columns` names it; null for
///     those of a CoNLL file
/// @param pair       the column of the second text; null for none
/// @param label      the column of the label, or of the tags; null likewise
/// @param regression whether labels are numbers to be predicted
/// @param examples   the rows
/// @param whole      whether these are all
/// @param others     columns that are left aside
record DataSurvey(
        Boolean header,
        boolean tagged,
        String text,
        String pair,
        String label,
        boolean regression,
        List<RawExample> examples,
        boolean whole,
        List<String> others) {
    /// Rows that are looked at; the second where the first show no label, as in a file that is
    /// sorted by it.
    private static final int[] HEADS = {20_000, 200_000};

    private static final List<String> TEXT =
            List.of("text", "sentence", "sentence1", "question1", "premise");
    private static final List<String> PAIR =
            List.of("text_pair", "sentence2", "question2", "hypothesis");

    /// Classes beyond which a column is no label, unless it is called one.
    private static final int MOST_CLASSES = 100;

    /// A second text is at least so long beside the first, or it is no text of its own.
    private static final double SHORTEST_PAIR = 0.4;

    /// Different decimal numbers from which a label is a number to be predicted.
    private static final int NUMBERS = 20;

    /// @throws CgloraException D-COLUMN where no column can be a text or a label; as the reader for
    ///     what is wrong in the file
    static DataSurvey of(Path file) {
        Optional<WordColumns> words = DataReader.words(file, DataFormat.AUTO);
        if (words.isPresent()) {
            return tagged(file, words.get());
        }
        try {
            return of(file, HEADS[0]);
        } catch (CgloraException e) {
            if (e.problems().getFirst().code() != ErrorCode.D_COLUMN) {
                throw e;
            }
            return of(file, HEADS[1]);
        }
    }

    private static DataSurvey tagged(Path file, WordColumns words) {
        List<RawExample> examples =
                DataReader.first(file, DataFormat.AUTO, DataColumns.of(words), true, HEADS[0]);
        return new DataSurvey(
                null,
                true,
                words.tokens(),
                null,
                words.tags(),
                false,
                examples,
                examples.size() < HEADS[0],
                List.of());
    }

    /// The columns as a reader wants them.
    DataColumns columns() {
        return tagged
                ? DataColumns.of(new WordColumns(text, label, true))
                : new DataColumns(text, pair, label);
    }

    private static DataSurvey of(Path file, int most) {
        DataReader.Head head = read(file, null, most);
        List<Map<String, String>> found = head.rows();
        List<Map<String, String>> bare = read(file, false, most).rows();
        List<Map<String, String>> named = asHeader(file, most);
        boolean knowsHeader =
                !new ArrayList<>(found.getFirst().values())
                        .equals(new ArrayList<>(bare.getFirst().values()));
        boolean namesFields = !named.isEmpty() && named.getFirst().equals(bare.getFirst());
        if (knowsHeader || namesFields) {
            return of(file, null, found, head.whole());
        }
        List<Map<String, String>> numbered = numbered(bare);
        boolean isHeader =
                !named.isEmpty()
                        && (isHeader(numbered.getFirst().values(), named)
                                || label(columns(numbered), numbered.size()) == null);
        return isHeader
                ? of(file, true, named, head.whole())
                : of(file, false, numbered, head.whole());
    }

    private static DataReader.Head read(Path file, Boolean header, int most) {
        return DataReader.head(file, new DataFormat("auto", header, null, "UTF-8"), most);
    }

    /// Empty where the first row cannot name columns.
    private static List<Map<String, String>> asHeader(Path file, int most) {
        try {
            return read(file, true, most).rows();
        } catch (CgloraException e) {
            ErrorCode code = e.problems().getFirst().code();
            if (code == ErrorCode.D_COLUMN || code == ErrorCode.D_EMPTY) {
                return List.of();
            }
            throw e;
        }
    }

    /// The first row is a header where its field of the label's column is no label.
    private static boolean isHeader(Iterable<String> first, List<Map<String, String>> named) {
        for (String cell : first) {
            if (cell.isBlank() || Column.isNumber(cell)) {
                return false;
            }
        }
        List<Column> columns = columns(named);
        Column label = label(columns, named.size());
        if (label == null) {
            return false;
        }
        var values = new HashSet<String>();
        named.forEach(row -> values.add(row.get(label.name())));
        return !values.contains(label.name());
    }

    private static List<Map<String, String>> numbered(List<Map<String, String>> rows) {
        var numbered = new ArrayList<Map<String, String>>();
        for (Map<String, String> row : rows) {
            var fields = new LinkedHashMap<String, String>();
            row.values().forEach(value -> fields.put(String.valueOf(fields.size()), value));
            numbered.add(fields);
        }
        return numbered;
    }

    private static List<Column> columns(List<Map<String, String>> rows) {
        return rows.getFirst().keySet().stream()
                .map(name -> Column.of(name, rows.stream().map(r -> r.get(name)).toList()))
                .toList();
    }

    /// Null for none.
    private static Column label(List<Column> columns, int rows) {
        return columns.stream()
                .filter(c -> c.blank() == 0 && c.distinct() > 1 && c.words() <= 4)
                .filter(c -> c.isCalledLabel() || c.distinct() <= Math.min(MOST_CLASSES, rows / 2))
                .min(Comparator.comparingInt(Column::rankAsLabel).thenComparing(Column::distinct))
                .orElse(null);
    }

    private static DataSurvey of(
            Path file, Boolean header, List<Map<String, String>> rows, boolean whole) {
        List<Column> columns = columns(rows);
        Column label = label(columns, rows.size());
        List<Column> texts = texts(columns, label);
        if (label == null || texts.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.D_COLUMN,
                    file.toString(),
                    "%sno column looks like a %s; the columns are %s"
                            .formatted(
                                    whole ? "" : "in the first %d rows ".formatted(rows.size()),
                                    label == null ? "label" : "text",
                                    columns.stream().map(Column::name).toList()),
                    "name it text or label in the file's header");
        }
        Column text = texts.getFirst();
        Column pair = texts.size() > 1 ? texts.get(1) : null;
        var examples = new ArrayList<RawExample>();
        for (Map<String, String> row : rows) {
            examples.add(
                    new RawExample(
                            row.get(text.name()),
                            pair == null ? null : row.get(pair.name()),
                            row.get(label.name()),
                            examples.size() + 1L));
        }
        var others = new ArrayList<>(columns);
        others.removeAll(texts);
        others.remove(label);
        return new DataSurvey(
                header,
                false,
                text.name(),
                pair == null ? null : pair.name(),
                label.name(),
                isRegression(label, examples),
                examples,
                whole,
                others.stream().map(Column::name).toList());
    }

    private static boolean isRegression(Column label, List<RawExample> examples) {
        boolean decimals = examples.stream().anyMatch(e -> e.label().contains("."));
        return label.numbers() == 1 && decimals && label.distinct() >= NUMBERS;
    }

    /// One text or two, in their order in the file.
    private static List<Column> texts(List<Column> columns, Column label) {
        List<Column> texts = columns.stream().filter(c -> !c.equals(label) && c.isText()).toList();
        if (texts.isEmpty()) { // words instead of sentences
            return columns.stream()
                    .filter(c -> !c.equals(label) && c.blank() == 0 && c.numbers() < 0.5)
                    .max(Comparator.comparingDouble(Column::length))
                    .map(List::of)
                    .orElse(List.of());
        }
        Column first = named(texts, TEXT);
        if (first == null) {
            first = texts.stream().max(Comparator.comparingDouble(Column::length)).orElseThrow();
        }
        Column best = first;
        Column second = named(texts, PAIR);
        if (second == null && named(texts, TEXT) == null) {
            second =
                    texts.stream()
                            .filter(c -> !c.equals(best))
                            .filter(c -> c.length() >= SHORTEST_PAIR * best.length())
                            .max(Comparator.comparingDouble(Column::length))
                            .orElse(null);
        }
        if (second == null) {
            return List.of(first);
        }
        return columns.indexOf(first) < columns.indexOf(second) || named(texts, TEXT) != null
                ? List.of(first, second)
                : List.of(second, first);
    }

    private static Column named(List<Column> columns, List<String> names) {
        for (String name : names) {
            for (Column column : columns) {
                if (column.name().equals(name)) {
                    return column;
                }
            }
        }
        return null;
    }
}
