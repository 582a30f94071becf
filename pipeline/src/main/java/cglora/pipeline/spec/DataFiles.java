package cglora.pipeline.spec;

import java.util.List;

/// The files of a split, read one after the other.
///
/// @param names absolute paths, of which the last parts may be patterns such as `part-*.jsonl`, or
///     the name of something built in
public record DataFiles(List<String> names) {
    public DataFiles {
        names = List.copyOf(names);
    }

    /// One file.
    public static DataFiles of(String name) {
        return new DataFiles(List.of(name));
    }

    /// Whether this is something built in.
    public boolean is(String builtIn) {
        return names.equals(List.of(builtIn));
    }

    @Override
    public String toString() {
        return String.join(", ", names);
    }
}
