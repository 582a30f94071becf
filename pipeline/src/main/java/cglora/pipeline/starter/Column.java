package cglora.pipeline.starter;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/// A column of a data file, and what its values look like.
///
/// @param name     of the header, or a number from 0
/// @param distinct how many different values there are
/// @param blank    how many values are blank or missing
/// @param numbers  share of the other values that are numbers
/// @param words    mean number of words of them
/// @param length   mean number of characters of them
record Column(String name, int distinct, int blank, double numbers, double words, double length) {
    private static final List<String> LABEL =
            List.of(
                    "label",
                    "labels",
                    "class",
                    "category",
                    "target",
                    "sentiment",
                    "intent",
                    "quality",
                    "gold",
                    "topic",
                    "score",
                    "similarity",
                    "rating",
                    "stars");

    static Column of(String name, List<String> values) {
        var distinct = new HashSet<String>();
        int blank = 0;
        double numbers = 0;
        double words = 0;
        double length = 0;
        for (String value : values) {
            if (Objects.requireNonNullElse(value, "").isBlank()) {
                blank++;
                continue;
            }
            distinct.add(value);
            numbers += isNumber(value) ? 1 : 0;
            words += value.strip().split("\\s+").length;
            length += value.length();
        }
        double full = Math.max(1, values.size() - blank);
        return new Column(
                name, distinct.size(), blank, numbers / full, words / full, length / full);
    }

    static boolean isNumber(String value) {
        return value.strip().matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    }

    /// The smaller, the more it is called a label; as large as there are such names for none.
    int rankAsLabel() {
        String lower = name.toLowerCase(Locale.ROOT);
        int exact = LABEL.indexOf(lower);
        if (exact >= 0) {
            return exact;
        }
        for (String known : LABEL) {
            if (lower.contains(known)) {
                return LABEL.size();
            }
        }
        return 2 * LABEL.size();
    }

    boolean isCalledLabel() {
        return rankAsLabel() < 2 * LABEL.size();
    }

    /// Whether its values are texts of people rather than names, numbers or keys.
    boolean isText() {
        return blank == 0 && numbers < 0.5 && distinct > 1 && words >= 1.5;
    }
}
