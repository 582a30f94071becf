package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Suggestion;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// The classes of a task: names in the order of the logits. Regression has one name. Where answers
/// are texts the names are words that stand for numbers, or there are none.
///
/// @param names      as in Hugging Face's `id2label`
/// @param regression labels are numbers, not classes
/// @param text       labels are texts that the model writes
/// @param tags       labels are lists of classes, one a word
public record Labels(List<String> names, boolean regression, boolean text, boolean tags) {
    /// Classes, or numbers.
    public Labels(List<String> names, boolean regression) {
        this(names, regression, false, false);
    }

    public Labels {
        names = List.copyOf(names);
    }

    public static Labels ofRegression() {
        return new Labels(List.of("LABEL_0"), true);
    }

    /// Answers that are texts.
    ///
    /// @param words stand for the numbers `0, 1, …` of the data; empty where labels are the texts
    public static Labels ofTexts(List<String> words) {
        return new Labels(words, false, true, false);
    }

    /// A class for each word.
    public static Labels ofTags(List<String> names) {
        return new Labels(names, false, false, true);
    }

    /// The same names where each word has one of them.
    public Labels asTags() {
        return ofTags(names);
    }

    /// Of each tag the one that further tokens of its word have where all have one: what is inside
    /// an entity for what begins it, otherwise itself, as in transformers' example.
    public int[] insideWords() {
        return names.stream()
                .mapToInt(
                        name -> {
                            int inside =
                                    name.startsWith("B-")
                                            ? names.indexOf("I-" + name.substring(2))
                                            : -1;
                            return inside < 0 ? names.indexOf(name) : inside;
                        })
                .toArray();
    }

    /// Whether the labels are classes.
    public boolean classes() {
        return !regression && !text;
    }

    /// Whether any text is an answer.
    private boolean isFree() {
        return text && names.isEmpty();
    }

    /// The text that a label stands for.
    public String written(String label) {
        int index = names.isEmpty() ? -1 : index(label);
        return index < 0 ? label : names.get(index);
    }

    /// The classes that the examples show: integers in order, other names sorted.
    ///
    /// @throws CgloraException D-LABEL for fewer than two, a gap in the integers, or numbers
    ///     where classes are expected
    public static Labels find(List<RawExample> examples, String source) {
        var names = new TreeSet<String>();
        examples.forEach(example -> names.add(example.label()));
        return of(names, source);
    }

    /// The same of rows.
    public static Labels find(Rows rows, String source) {
        return of(new TreeSet<>(rows.labels()), source);
    }

    private static Labels of(TreeSet<String> names, String source) {
        if (names.size() == 1 && names.first().equals("-1")) {
            throw new CgloraException(
                    ErrorCode.D_LABEL,
                    source,
                    "every label is -1, which marks unlabelled rows",
                    "unlabelled data is for predict: cglora predict FOLDER --data " + source);
        }
        if (names.size() < 2) {
            throw new CgloraException(
                    ErrorCode.D_LABEL,
                    source,
                    "the only label is '" + names.first() + "'",
                    "training needs at least two classes");
        }
        if (names.stream().allMatch(name -> name.matches("-?\\d{1,9}"))) {
            List<Integer> numbers = names.stream().map(Integer::valueOf).sorted().toList();
            for (int i = 0; i < numbers.size(); i++) {
                if (numbers.get(i) != i) {
                    throw new CgloraException(
                            ErrorCode.D_LABEL,
                            source,
                            "integer labels are "
                                    + numbers
                                    + ", expected 0 … "
                                    + (numbers.size() - 1)
                                    + (numbers.getFirst() < 0 ? "; -1 marks unlabelled rows" : ""),
                            "number the classes without a gap, or give \"labels\"");
                }
            }
            return new Labels(numbers.stream().map(String::valueOf).toList(), false);
        }
        if (names.stream().allMatch(Labels::isNumber)) {
            throw new CgloraException(
                    ErrorCode.D_LABEL,
                    source,
                    "labels are numbers such as " + names.first() + ", expected classes",
                    "\"problem_type\": \"regression\" in the model stage");
        }
        return new Labels(new ArrayList<>(names), false);
    }

    private static boolean isNumber(String name) {
        return name.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    }

    /// Whether all names are plain numbers: the data set does not name its classes.
    public boolean isNumbered() {
        return classes() && names.stream().allMatch(name -> name.matches("\\d+"));
    }

    /// Whether a label is one of these names, a number that stands for one, or, for regression, a
    /// finite number.
    public boolean contains(String label) {
        return regression ? Float.isFinite(target(label)) : isFree() || index(label) >= 0;
    }

    /// Those of some rows whose label is one of these; for regression, a finite number.
    public int[] known(Rows rows, int[] places) {
        if (isFree()) {
            return places;
        }
        int[] byLabel = byLabel(rows);
        if (tags) {
            return Arrays.stream(places)
                    .filter(row -> unknownTag(rows, row, byLabel) < 0)
                    .toArray();
        }
        return Arrays.stream(places)
                .filter(
                        row ->
                                regression
                                        ? Float.isFinite(rows.target(row))
                                        : byLabel[rows.label(row)] >= 0)
                .toArray();
    }

    /// The first word of a row whose tag is none of these; -1 for none.
    ///
    /// @param byTag the classes of the tags that the rows have, -1 for one that is none of these
    private static int unknownTag(Rows rows, int row, int[] byTag) {
        int[] of = rows.tags(row);
        for (int word = 0; word < of.length; word++) {
            if (of[word] >= 0 && byTag[of[word]] < 0) {
                return word;
            }
        }
        return -1;
    }

    /// The first label of a row that is none of these.
    public String unknown(Rows rows, int row) {
        int place = tags ? unknownTag(rows, row, byLabel(rows)) : -1;
        return rows.labels().get(tags ? rows.tags(row)[place] : rows.label(row));
    }

    /// The place here of each label that some rows have, -1 for none.
    private int[] byLabel(Rows rows) {
        return rows.labels().stream().mapToInt(this::index).toArray();
    }

    /// The classes of the words of some rows, -1 for a word without one; looked up anew each time,
    /// so that rows in a file stay there.
    ///
    /// @throws CgloraException D-LABEL with all rows that have a tag that is none of these
    public List<int[]> ofWords(Rows rows, int[] places, String source) {
        int[] byTag = byLabel(rows);
        var bad = new Places();
        String first = "";
        int firstRow = 0;
        for (int row : places) {
            int word = unknownTag(rows, row, byTag);
            if (word >= 0) {
                if (bad.isEmpty()) {
                    first = rows.labels().get(rows.tags(row)[word]);
                    firstRow = row;
                }
                bad.add(rows.line(row, word));
            }
        }
        if (!bad.isEmpty()) {
            throw unknown("tag", first, rows.file(firstRow).orElse(source), bad);
        }
        return new AbstractList<>() {
            @Override
            public int[] get(int place) {
                int[] of = rows.tags(places[place]);
                Arrays.setAll(of, word -> of[word] < 0 ? -1 : byTag[of[word]]);
                return of;
            }

            @Override
            public int size() {
                return places.length;
            }
        };
    }

    private CgloraException unknown(String what, String first, String file, Places bad) {
        String near = Suggestion.nearest(first, names);
        return new CgloraException(
                ErrorCode.D_LABEL,
                file + ":" + bad.first(),
                "%s '%s'; %ss are %s   (%s)"
                        .formatted(what, first, what, String.join(", ", names), bad),
                near.isEmpty() ? "correct the rows" : "did you mean '" + near + "'?");
    }

    private int index(String label) {
        int index = names.indexOf(label);
        return index < 0 && label.matches("\\d{1,6}") && Integer.parseInt(label) < names.size()
                ? Integer.parseInt(label)
                : index;
    }

    /// The number that a label stands for; NaN for none.
    static float target(String label) {
        try {
            return Float.parseFloat(label);
        } catch (NumberFormatException e) {
            return Float.NaN;
        }
    }

    /// Indices of the examples' labels. A label may be a name or, where names are given for
    /// integers, its number.
    ///
    /// @throws CgloraException D-LABEL with all rows whose label is none of these
    public int[] indices(List<RawExample> examples, String source) {
        return indices(new TextRows(examples, false, List.of()), all(examples), source);
    }

    /// The same of some rows.
    public int[] indices(Rows rows, int[] places, String source) {
        int[] indices = new int[places.length];
        if (isFree()) {
            return indices;
        }
        int[] byLabel = byLabel(rows);
        var bad = new Places();
        String first = "";
        int firstRow = 0;
        for (int i = 0; i < indices.length; i++) {
            indices[i] = byLabel[rows.label(places[i])];
            if (indices[i] < 0) {
                if (bad.isEmpty()) {
                    first = rows.labels().get(rows.label(places[i]));
                    firstRow = places[i];
                }
                bad.add(rows.line(places[i]));
            }
        }
        if (!bad.isEmpty()) {
            throw unknown("label", first, rows.file(firstRow).orElse(source), bad);
        }
        return indices;
    }

    /// The examples' labels as numbers.
    ///
    /// @throws CgloraException D-LABEL with all rows whose label is no finite number
    public float[] targets(List<RawExample> examples, String source) {
        return targets(new TextRows(examples, true, List.of()), all(examples), source);
    }

    /// The same of some rows.
    public float[] targets(Rows rows, int[] places, String source) {
        float[] targets = new float[places.length];
        var bad = new Places();
        int firstRow = 0;
        for (int i = 0; i < targets.length; i++) {
            targets[i] = rows.target(places[i]);
            if (!Float.isFinite(targets[i])) {
                firstRow = bad.isEmpty() ? places[i] : firstRow;
                bad.add(rows.line(places[i]));
            }
        }
        if (!bad.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.D_LABEL,
                    rows.file(firstRow).orElse(source) + ":" + bad.first(),
                    "labels that are no numbers in " + bad,
                    "correct the rows");
        }
        return targets;
    }

    private static int[] all(List<RawExample> examples) {
        return IntStream.range(0, examples.size()).toArray();
    }
}
