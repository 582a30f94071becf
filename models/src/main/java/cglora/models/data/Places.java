package cglora.models.data;

import java.util.Collection;
import java.util.StringJoiner;

/// Lines of a file that have something in common: how many there are, and the first few.
final class Places {
    private static final int SHOWN = 5;

    private final StringJoiner shown = new StringJoiner(", ");
    private long first;
    private long count;

    static Places of(Collection<Long> lines) {
        var places = new Places();
        lines.forEach(places::add);
        return places;
    }

    void add(long line) {
        if (count == 0) {
            first = line;
        }
        if (count++ < SHOWN) {
            shown.add(String.valueOf(line));
        }
    }

    boolean isEmpty() {
        return count == 0;
    }

    long first() {
        return first;
    }

    /// `3 rows: 1184, 2040, 2041`.
    @Override
    public String toString() {
        return (count == 1 ? "1 row: " : count + " rows: ") + shown + (count > SHOWN ? ", …" : "");
    }
}
