package cglora.pipeline.cli;

import cglora.kernels.error.Problems;
import cglora.pipeline.compare.RunList;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Lists runs, and compares those that are named.
@Command(
        name = "runs",
        description = "List the runs under folders; runs named one by one are compared, too.")
final class RunsCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..*",
            paramLabel = "FOLDER",
            description = "Runs, or folders that hold them; runs without one.")
    private List<Path> folders = new ArrayList<>();

    @Mixin private OutputOptions output;

    private final Console console;

    RunsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        var notes = new Problems();
        RunList list = RunList.of(folders.isEmpty() ? List.of(Path.of("runs")) : folders, notes);
        console.warnings(notes.warnings());
        output.print(
                new OutputOptions.Texts(list::markdown, list::csv, list::json, list::html),
                console);
        return 0;
    }
}
