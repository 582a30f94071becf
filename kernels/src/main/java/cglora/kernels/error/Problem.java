package cglora.kernels.error;

import static java.util.Objects.requireNonNull;

/// One thing that is wrong.
///
/// @param code  what kind of thing
/// @param where file:line:column, JSON pointer, or file and tensor or row; empty when there is no
/// place to name
/// @param what  what was found and what was expected
/// @param fix   the one thing to do about it; empty when the message already says it
public record Problem(ErrorCode code, String where, String what, String fix) {
    public Problem {
        requireNonNull(code, "code");
        requireNonNull(where, "where");
        requireNonNull(what, "what");
        requireNonNull(fix, "fix");
    }

    /// `error P-UNKNOWN: mrpc.json:31:7 …` and the remedy on a line of its own; `severity` is the
    /// first word.
    public String render(String severity) {
        var text = new StringBuilder(severity).append(' ').append(code).append(": ");
        if (!where.isEmpty()) {
            text.append(where).append(": ");
        }
        text.append(what);
        if (!fix.isEmpty()) {
            text.append("\n  fix: ").append(fix);
        }
        return printable(text);
    }

    /// Control characters from file names, labels or data never reach the terminal as such.
    private static String printable(CharSequence text) {
        var safe = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) && c != '\n') {
                safe.append(String.format("\\u%04x", (int) c));
            } else {
                safe.append(c);
            }
        }
        return safe.toString();
    }

    @Override
    public String toString() {
        return render("error");
    }
}
