package cglora.pipeline.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
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
    public Integer call() throws IOException {
        console.out().println("cglora " + product());
        console.out()
                .println(
                        "java "
                                + Runtime.version()
                                + " ("
                                + System.getProperty("java.vendor")
                                + ")");
        return 0;
    }

    /// The version that the build wrote into the resource.
    static String product() throws IOException {
        try (InputStream resource =
                VersionCommand.class.getResourceAsStream("version.properties")) {
            var properties = new Properties();
            properties.load(resource);
            return properties.getProperty("version");
        }
    }
}
