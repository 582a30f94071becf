package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.RunEvents;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.PipelineReading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Goes on with a run that was killed or stopped.
@Command(
        name = "resume",
        description = "Go on with a run that was killed or stopped, with the same bits.")
final class ResumeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "The folder of the run, or its link latest.")
    private Path run;

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description =
                    "Change how training goes on: its epochs or max_steps, rates, max_grad_norm,"
                            + " on_nan, and what is logged and kept.")
    private List<String> set = new ArrayList<>();

    @Mixin private EngineOptions engine;

    private final Console console;

    ResumeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Path folder = folder();
        var settings = new ArrayList<>(set);
        settings.addAll(engine.settings());
        PipelineReading reading =
                PipelineReader.read(
                        folder.resolve("pipeline.json"),
                        Overrides.of(List.of(), settings, List.of()));
        EngineChoice choice = engine.choose(reading.spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        if (set.isEmpty() && RunEvents.isFinished(folder, RunEvents.read(folder))) {
            console.out()
                    .printf(
                            "%s is finished: there is nothing to resume; more steps: --set train.max_steps=N%n",
                            run);
            return 0;
        }
        try (var stop = StopSignals.listen()) {
            return new Runner(
                            reading, choice, console.out(), console.err(), console.isQuiet(), stop)
                    .calledAs(console.arguments())
                    .resume(folder, paths());
        }
    }

    private Set<String> paths() {
        return set.stream()
                .map(text -> text.substring(0, Math.max(0, text.indexOf('='))).strip())
                .collect(Collectors.toSet());
    }

    private Path folder() {
        try {
            Path folder = run.toRealPath();
            if (Files.isRegularFile(folder.resolve("pipeline.json"))) {
                return folder;
            }
        } catch (IOException e) {
            // not there: said below
        }
        throw new CgloraException(
                ErrorCode.R_MISSING,
                run.toString(),
                "is no folder of a run: there is no pipeline.json in it",
                "give the folder that cglora run has named, or start anew: cglora run");
    }
}
