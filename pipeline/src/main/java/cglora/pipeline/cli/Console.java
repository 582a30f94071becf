package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where a command writes: results to `out`, everything else to `err`.
public final class Console {
    private static final String RED = "\u001b[1;31m";
    private static final String YELLOW = "\u001b[1;33m";
    private static final String PLAIN = "\u001b[0m";
    private static final int MOST_OF_A_KIND = 5;

    /// The same of what people wrote by hand.
    private static final int MOST_OF_A_PIPELINE = 50;

    private final PrintStream exact;
    private final PrintStream out;
    private final PrintStream err;
    private final PrintStream colors;
    private final boolean color;
    private boolean quiet;
    private boolean verbose;
    private List<String> arguments = List.of();

    Console(PrintStream out, PrintStream err, boolean color) {
        this.exact = out;
        this.out = new TerminalStream(out);
        this.err = new TerminalStream(err);
        this.colors = err;
        this.color = color;
    }

    /// Colour only where a person looks at it and did not refuse it.
    static boolean wantsColor(Map<String, String> environment) {
        // asked in any case: Java looks once, and standard output may not stay what it is
        boolean terminal = System.console() != null && System.console().isTerminal();
        return terminal && environment.getOrDefault("NO_COLOR", "").isEmpty();
    }

    void quiet(boolean isQuiet) {
        this.quiet = isQuiet;
    }

    /// @param isVerbose whether all errors of a kind are shown
    void verbose(boolean isVerbose) {
        this.verbose = isVerbose;
    }

    /// @param given the command line, for records
    void arguments(String... given) {
        arguments = List.of(given);
    }

    List<String> arguments() {
        return arguments;
    }

    public boolean isQuiet() {
        return quiet;
    }

    /// Where people read results.
    public PrintStream out() {
        return out;
    }

    /// Where programs read results, JSON and the like: what is written there stays as it is.
    PrintStream exact() {
        return exact;
    }

    /// Standard input.
    InputStream in() {
        return System.in;
    }

    public PrintStream err() {
        return err;
    }

    /// A line for the person at the keyboard; not shown with `--quiet`.
    public void note(String line) {
        if (!quiet) {
            err.println(line);
        }
    }

    public void warnings(List<Problem> warnings) {
        if (!quiet) {
            warnings.forEach(warning -> print(warning, "warning", YELLOW));
        }
    }

    void errors(CgloraException exception) {
        errors(exception.problems());
    }

    /// The first of each kind in full, the others by their number: one file can be wrong in
    /// hundreds of tensors.
    void errors(List<Problem> problems) {
        var counts = new LinkedHashMap<ErrorCode, Integer>();
        for (Problem problem : problems) {
            if (counts.merge(problem.code(), 1, Integer::sum) <= most(problem.code())) {
                print(problem, "error", RED);
            }
        }
        counts.forEach(
                (code, count) -> {
                    if (count > most(code)) {
                        err.println(
                                "... and "
                                        + (count - most(code))
                                        + " more "
                                        + code
                                        + "; -v shows all");
                    }
                });
    }

    private int most(ErrorCode code) {
        return verbose
                ? Integer.MAX_VALUE
                : code.kind().exitStatus() == 2 ? MOST_OF_A_PIPELINE : MOST_OF_A_KIND;
    }

    private void print(Problem problem, String severity, String start) {
        String text = problem.render(severity);
        if (color) {
            colors.print(start + severity + PLAIN);
            err.println(text.substring(severity.length()));
        } else {
            err.println(text);
        }
    }
}
