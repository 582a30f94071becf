package cglora.pipeline.cli;

import cglora.pipeline.run.ProductVersion;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// Says which cglora and which Java this is.
@Command(name = "version", description = "Print the versions of cglora and Java.")
final class VersionCommand implements Callable<Integer> {
    private final Console console;

    VersionCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.out().println("cglora " + ProductVersion.get());
        console.out()
                .println(
                        "java "
                                + Runtime.version()
                                + " ("
                                + System.getProperty("java.vendor")
                                + ")");
        return 0;
    }
}
