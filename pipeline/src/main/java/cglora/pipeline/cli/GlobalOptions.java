package cglora.pipeline.cli;

import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// Options of every command.
final class GlobalOptions {
    @Option(names = "--quiet", scope = ScopeType.INHERIT, description = "Only results and errors.")
    boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Show all errors of a kind; -vv adds stack traces.")
    boolean[] verbose = new boolean[0];

    /// 0, 1 or 2 and more.
    int verbosity() {
        return verbose.length;
    }
}
