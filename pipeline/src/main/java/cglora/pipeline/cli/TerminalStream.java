package cglora.pipeline.cli;

import java.io.PrintStream;

/// What people read: control characters of texts, labels and names of files are shown and do
/// nothing to a terminal. Line feeds and tabs stay; bytes pass as they are.
final class TerminalStream extends PrintStream {
    private static final char DELETE = 0x7f;
    private static final char LAST_C1 = 0x9f;

    TerminalStream(PrintStream to) {
        super(to, false, to.charset());
    }

    @Override
    public void print(String text) {
        super.print(escape(String.valueOf(text)));
    }

    @Override
    public void print(char c) {
        print(String.valueOf(c));
    }

    @Override
    public void print(char[] text) {
        print(String.valueOf(text));
    }

    @Override
    public void print(Object object) {
        print(String.valueOf(object));
    }

    /// The text with `\\u001b` in the place of an escape character, and so for all of C0 and C1,
    /// and what changes the direction of the text behind it.
    static String escape(String text) {
        StringBuilder escaped = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (acts(c) && escaped == null) {
                escaped = new StringBuilder(text.length() + 16).append(text, 0, i);
            }
            if (acts(c)) {
                escaped.append("\\u%04x".formatted((int) c));
            } else if (escaped != null) {
                escaped.append(c);
            }
        }
        return escaped == null ? text : escaped.toString();
    }

    /// The same on one line and in one column.
    static String field(Object value) {
        String text = String.valueOf(value);
        return escape(text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r"));
    }

    private static boolean acts(char c) {
        return c < ' ' && c != '\n' && c != '\t'
                || c >= DELETE && c <= LAST_C1
                || c >= '\u202a' && c <= '\u202e'
                || c >= '\u2066' && c <= '\u2069';
    }
}
