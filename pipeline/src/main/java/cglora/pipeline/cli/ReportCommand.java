package cglora.pipeline.cli;

import cglora.pipeline.run.RunReportFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Makes the page of a run anew.
@Command(name = "report", description = "Make the HTML page of a run anew, from its records.")
final class ReportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "The folder of a run, finished or not.")
    private Path run;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Write the page here, not into the run's folder.")
    private Path html;

    @Option(
            names = "--force",
            description = "Write over a file of --html that is there and is no page of cglora's.")
    private boolean force;

    @Mixin private JsonOption json;

    private final Console console;

    ReportCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (html != null) {
            OutputOptions.requireFree(html, force);
        }
        Path file = html == null ? run.resolve(RunReportFile.NAME) : html;
        OutputOptions.write(file, RunReportFile.html(run));
        json.lines(console).println(file);
        json.print(console, Map.of("report", file.toString()));
        return 0;
    }
}
