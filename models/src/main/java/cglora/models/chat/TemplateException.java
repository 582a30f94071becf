package cglora.models.chat;

/// A template that cannot be read or followed; [ChatTemplate] says where.
final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// @param line of the template, from 1; 0 where it is not known
    TemplateException(String what, int line) {
        super(line > 0 ? "line " + line + ": " + what : what, null, false, false);
    }

    TemplateException(String what) {
        this(what, 0);
    }
}
