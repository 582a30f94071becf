package cglora.models.data;

import java.util.Map;
import java.util.Set;

/// A row of a data file whose fields are known by column.
///
/// @param fields  in the columns' order; null where JSON has null, a list or an object,
///     but for lists that are asked for, which are JSON
/// @param numbers columns whose value is a number or a boolean of JSON, not a text
/// @param line    of the file, from 1; the row's number in a file that has no lines
/// @param hasLines whether the elements of its lists stand on lines of their own
record Row(Map<String, String> fields, Set<String> numbers, long line, boolean hasLines) {
    /// A row on one line.
    Row(Map<String, String> fields, Set<String> numbers, long line) {
        this(fields, numbers, line, false);
    }
}
