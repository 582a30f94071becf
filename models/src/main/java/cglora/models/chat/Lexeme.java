package cglora.models.chat;

/// A piece of a template's source.
///
/// @param text of a string, what it stands for
/// @param line from 1
record Lexeme(Kind kind, String text, int line) {
    enum Kind {
        /// Text that is written as it is.
        DATA,
        /// `{{` and `}}`.
        PRINT_BEGIN,
        PRINT_END,
        /// `{%` and `%}`.
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind other, String of) {
        return kind == other && text.equals(of);
    }

    boolean isOperator(String of) {
        return is(Kind.OPERATOR, of);
    }

    boolean isName(String of) {
        return is(Kind.NAME, of);
    }
}
