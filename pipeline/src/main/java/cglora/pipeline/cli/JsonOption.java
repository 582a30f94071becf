package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.spec.GridReading;
import cglora.pipeline.spec.JsonText;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Map;
import picocli.CommandLine.Option;

/// What a command found as one JSON object on standard output, in the place of lines for people.
final class JsonOption {
    @Option(names = "--json", description = "One JSON object in the place of lines.")
    private boolean json;

    boolean isAsked() {
        return json;
    }

    /// Where lines for people go.
    PrintStream lines(Console console) {
        return json ? new PrintStream(OutputStream.nullOutputStream()) : console.out();
    }

    /// @param found what the object holds; nothing is printed where it is empty
    void print(Console console, Map<String, ?> found) {
        if (json && !found.isEmpty()) {
            console.exact().print(JsonText.write(found));
        }
    }

    /// @throws CgloraException P-USAGE for the cells of a grid, which are compared elsewhere
    void requireOne(GridReading grid) {
        if (json && grid.isGrid()) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "--json",
                    "is of one run, and this is a grid",
                    "cglora compare FOLDER -o json, behind it");
        }
    }
}
