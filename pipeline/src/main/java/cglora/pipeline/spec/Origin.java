package cglora.pipeline.spec;

import java.nio.file.Path;

/// Where a value came from.
///
/// @param source  the file as it was named, or the option with its text
/// @param folder  relative paths in the value start here
/// @param line    counted from 1; 0 for an option or a built-in default
/// @param column  counted from 1; 0 for an option or a built-in default
/// @param pointer JSON pointer in that file; empty for the root
/// @param via     where the text of a variable came from; empty for a value written in place
public record Origin(String source, Path folder, int line, int column, String pointer, String via) {
    static Origin option(String text, Path folder) {
        return new Origin(text, folder, 0, 0, "", "");
    }

    Origin at(int newLine, int newColumn, String newPointer) {
        return new Origin(source, folder, newLine, newColumn, newPointer, via);
    }

    Origin via(Origin variable) {
        return new Origin(source, folder, line, column, pointer, variable.position());
    }

    /// `mrpc.json:31:7`, or the option.
    public String position() {
        return line == 0 ? source : source + ":" + line + ":" + column;
    }

    /// Position, JSON pointer and, for a variable, where its text is: what error messages show.
    @Override
    public String toString() {
        String text = pointer.isEmpty() ? position() : position() + " " + pointer;
        return via.isEmpty() ? text : text + " (from " + via + ")";
    }
}
