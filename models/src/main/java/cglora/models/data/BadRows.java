package cglora.models.data;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.util.EnumMap;
import java.util.Map;

/// The rows of one file that cannot be used: errors, all of a kind together, or dropped with a
/// warning.
final class BadRows {
    /// What can be wrong with a row, in the order in which it is reported.
    enum Kind {
        JSON(ErrorCode.D_JSON, "correct the lines"),
        NO_OBJECT(ErrorCode.D_JSON, "write one object a line"),
        FIELDS(ErrorCode.D_ROW, "correct the rows"),
        TEXT(ErrorCode.D_TEXT, "correct or remove the rows"),
        LABEL(ErrorCode.D_LABEL, "correct or remove the rows"),
        TAGS(ErrorCode.D_LABEL, "give each word one tag");

        private final ErrorCode code;
        private final String fix;

        Kind(ErrorCode code, String fix) {
            this.code = code;
            this.fix = fix;
        }
    }

    private static final class Found {
        private final Places places = new Places();
        private String what;
        private String fix;
    }

    private final String path;
    private final Problems dropped;
    private final Map<Kind, Found> found = new EnumMap<>(Kind.class);

    /// @param path    of the file
    /// @param dropped is given the warnings; null where bad rows are errors
    BadRows(String path, Problems dropped) {
        this.path = path;
        this.dropped = dropped;
    }

    /// @param what is wrong; that of the first row of a kind is shown
    void add(Kind kind, long line, String what) {
        add(kind, line, what, kind.fix);
    }

    void add(Kind kind, long line, String what, String fix) {
        Found of = found.computeIfAbsent(kind, _ -> new Found());
        if (of.places.isEmpty()) {
            of.what = what;
            of.fix = fix;
        }
        of.places.add(line);
    }

    /// What has been found so far.
    ///
    /// @param problems is given the errors
    void reportTo(Problems problems) {
        found.forEach(
                (kind, of) -> {
                    String where = path + ":" + of.places.first();
                    if (dropped == null) {
                        problems.error(kind.code, where, of.what + " in " + of.places, of.fix);
                    } else {
                        dropped.warning(kind.code, where, of.what + "; dropped " + of.places, "");
                    }
                });
    }
}
