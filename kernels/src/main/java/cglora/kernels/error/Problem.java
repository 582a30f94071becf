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
            text.append(printable(where.replace("\n", "\\u000a"))).append(": ");
        }
        text.append(printable(what));
        if (!fix.isEmpty()) {
            text.append("\n  fix: ").append(printable(fix));
        }
        return text.toString();
    }

    /// Control characters from file names, labels or data never reach the terminal as such. A
    /// further line is indented, so that it cannot pass for a message of ours.
    private static String printable(String text) {
        var safe = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                safe.append(text.startsWith("  ", i + 1) ? "\n" : "\n  ");
            } else if (Character.isISOControl(c)) {
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
