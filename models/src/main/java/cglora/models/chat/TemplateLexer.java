package cglora.models.chat;

import cglora.models.chat.Lexeme.Kind;
import java.util.ArrayList;
import java.util.List;

/// Cuts a template into lexemes as Jinja does with `trim_blocks` and `lstrip_blocks` (jinja2,
/// lexer.py), which is how transformers reads chat templates: a line break behind a block goes, and
/// so do blanks between the beginning of a line and a block.
final class TemplateLexer {
    private static final String[] OPERATORS = {
        "==", "!=", "<=", ">=", "//", "**", "<", ">", "=", "+", "-", "*", "/", "%", "~", "|", ".",
        ",", ":", "(", ")", "[", "]", "{", "}"
    };

    private final String source;
    private final List<Lexeme> found = new ArrayList<>();
    private int at;
    private int line = 1;

    /// What comes next begins a line.
    private boolean lineStarts = true;

    private TemplateLexer(String source) {
        this.source = source;
    }

    /// @throws TemplateException for what is no Jinja
    static List<Lexeme> read(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        var lexer = new TemplateLexer(source);
        lexer.all();
        lexer.add(Kind.END, "");
        return lexer.found;
    }

    private void all() {
        while (at < source.length()) {
            int open = nextOpening();
            if (open < 0) {
                add(Kind.DATA, source.substring(at));
                return;
            }
            char kind = source.charAt(open + 1);
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            data(open, kind, sign);
            advance(open + 2 + (sign == '-' || sign == '+' ? 1 : 0));
            switch (kind) {
                case '#' -> comment();
                case '{' -> inside(Kind.PRINT_BEGIN, Kind.PRINT_END, "}}");
                default -> block();
            }
        }
    }

    private int nextOpening() {
        for (int i = at; i + 1 < source.length(); i++) {
            if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    /// The text in front of an opening.
    private void data(int open, char kind, char sign) {
        String text = source.substring(at, open);
        if (sign == '-') {
            text = text.stripTrailing();
        } else if (sign != '+' && kind != '{') {
            int start = text.lastIndexOf('\n') + 1;
            if ((start > 0 || lineStarts) && text.substring(start).isBlank()) {
                text = text.substring(0, start);
            }
        }
        if (!text.isEmpty()) {
            add(Kind.DATA, text);
        }
        lineStarts = false;
    }

    private void comment() {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw new TemplateException("a comment has no end", line);
        }
        boolean strips = source.charAt(end - 1) == '-';
        advance(end + 2);
        close(strips, true);
    }

    private void block() {
        if (source.startsWith("raw", skipBlanks(at))) {
            int end = closing("raw");
            if (end >= 0) {
                raw(end);
                return;
            }
        }
        inside(Kind.BLOCK_BEGIN, Kind.BLOCK_END, "%}");
    }

    /// The place behind a block that is this word alone; -1 where it is not.
    private int closing(String word) {
        int i = skipBlanks(skipBlanks(at) + word.length());
        if (i < source.length() && "-+".indexOf(source.charAt(i)) >= 0) {
            i++;
        }
        return source.startsWith("%}", i) ? i + 2 : -1;
    }

    private int skipBlanks(int from) {
        int i = from;
        while (i < source.length() && Character.isWhitespace(source.charAt(i))) {
            i++;
        }
        return i;
    }

    private void raw(int start) {
        boolean strips = source.charAt(start - 3) == '-';
        advance(start);
        close(strips, true);
        for (int i = source.indexOf("{%", at); i >= 0; i = source.indexOf("{%", i + 2)) {
            int word = i + 2;
            boolean minus = word < source.length() && source.charAt(word) == '-';
            int from = at;
            at = word + (minus ? 1 : 0);
            int end = source.startsWith("endraw", skipBlanks(at)) ? closing("endraw") : -1;
            at = from;
            if (end >= 0) {
                String text = source.substring(at, i);
                add(Kind.DATA, minus ? text.stripTrailing() : text);
                boolean after = source.charAt(end - 3) == '-';
                advance(end);
                close(after, true);
                return;
            }
        }
        throw new TemplateException("raw has no endraw", line);
    }

    /// Everything up to the end of a block or an expression.
    private void inside(Kind begin, Kind end, String closing) {
        add(begin, "");
        int depth = 0;
        while (true) {
            advance(skipBlanks(at));
            if (at >= source.length()) {
                throw new TemplateException("a block or an expression has no end", line);
            }
            char c = source.charAt(at);
            boolean signed = c == '-' || c == '+';
            if (depth == 0 && source.startsWith(closing, signed ? at + 1 : at)) {
                add(end, "");
                advance(at + closing.length() + (signed ? 1 : 0));
                close(c == '-', end == Kind.BLOCK_END && c != '+');
                return;
            }
            depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            lexeme(c);
        }
    }

    /// What goes behind an end: all blanks, or a line break.
    private void close(boolean strips, boolean trims) {
        int end = at;
        if (strips) {
            end = skipBlanks(at);
        } else if (trims && source.startsWith("\n", at)) {
            end = at + 1;
        }
        lineStarts = end > at && source.charAt(end - 1) == '\n';
        advance(end);
    }

    private void lexeme(char c) {
        int start = at;
        if (c == '"' || c == '\'') {
            add(Kind.STRING, string(c));
        } else if (Character.isDigit(c)) {
            number();
        } else if (Character.isJavaIdentifierStart(c) && c != '$') {
            int end = start;
            while (end < source.length() && Character.isJavaIdentifierPart(source.charAt(end))) {
                end++;
            }
            add(Kind.NAME, source.substring(start, end));
            at = end;
        } else {
            for (String operator : OPERATORS) {
                if (source.startsWith(operator, start)) {
                    add(Kind.OPERATOR, operator);
                    at += operator.length();
                    return;
                }
            }
            throw new TemplateException("'" + c + "' is no part of an expression", line);
        }
    }

    private void number() {
        int end = digits(at);
        boolean whole = true;
        if (end + 1 < source.length()
                && source.charAt(end) == '.'
                && Character.isDigit(source.charAt(end + 1))) {
            end = digits(end + 1);
            whole = false;
        }
        if (end < source.length() && "eE".indexOf(source.charAt(end)) >= 0) {
            int sign =
                    end + 1 < source.length() && "+-".indexOf(source.charAt(end + 1)) >= 0 ? 1 : 0;
            int last = digits(end + 1 + sign);
            whole &= last == end + 1 + sign;
            end = whole ? end : last;
        }
        add(whole ? Kind.INTEGER : Kind.FLOAT, source.substring(at, end).replace("_", ""));
        at = end;
    }

    private int digits(int from) {
        int i = from;
        while (i < source.length()
                && (Character.isDigit(source.charAt(i)) || source.charAt(i) == '_')) {
            i++;
        }
        return i;
    }

    /// A string with its escapes; `at` is behind it then.
    private String string(char quote) {
        var text = new StringBuilder();
        int i = at + 1;
        while (i < source.length() && source.charAt(i) != quote) {
            char c = source.charAt(i++);
            if (c != '\\' || i == source.length()) {
                text.append(c);
                continue;
            }
            char escaped = source.charAt(i++);
            int digits = escaped == 'x' ? 2 : escaped == 'u' ? 4 : escaped == 'U' ? 8 : 0;
            switch (escaped) {
                case 'n' -> text.append('\n');
                case 't' -> text.append('\t');
                case 'r' -> text.append('\r');
                case '0' -> text.append('\0');
                case '\n' -> {}
                case 'x', 'u', 'U' -> {
                    text.appendCodePoint(codePoint(i, digits));
                    i += digits;
                }
                case '\\', '\'', '"' -> text.append(escaped);
                default -> text.append('\\').append(escaped);
            }
        }
        if (i >= source.length()) {
            throw new TemplateException("a string has no end", line);
        }
        advance(i + 1);
        return text.toString();
    }

    private int codePoint(int from, int digits) {
        try {
            int point = Integer.parseInt(source.substring(from, from + digits), 16);
            if (Character.isValidCodePoint(point)) {
                return point;
            }
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw new TemplateException("a string has an escape without its digits", line);
        }
        throw new TemplateException("a string has an escape that is no character", line);
    }

    private void advance(int to) {
        for (int i = at; i < to; i++) {
            line += source.charAt(i) == '\n' ? 1 : 0;
        }
        at = to;
    }

    private void add(Kind kind, String text) {
        found.add(new Lexeme(kind, text, line));
    }
}
