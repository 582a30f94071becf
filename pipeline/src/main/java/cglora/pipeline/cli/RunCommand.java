package cglora.pipeline.cli;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.GridRunner;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.GridReading;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Runs a pipeline, or all cells of a grid of it.
@Command(name = "run", description = "Run a pipeline: fine-tune, evaluate, export.")
final class RunCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    @Mixin private GridOptions gridOptions;

    @Mixin private EngineOptions engine;

    @Option(names = "--dry-run", description = "As cglora plan: say what the run would take.")
    private boolean dryRun;

    private final Console console;

    RunCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        GridReading grid = gridOptions.read(pipeline, engine);
        console.warnings(pipeline.notes());
        EngineChoice choice = engine.choose(grid.first().spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        if (dryRun) {
            PlanCommand.print(grid, choice, console, true);
            return 0;
        }
        try (var stop = StopSignals.listen()) {
            return grid.isGrid()
                    ? new GridRunner(
                                    grid,
                                    choice,
                                    console.out(),
                                    console.err(),
                                    console.isQuiet(),
                                    gridOptions.exports())
                            .run(console.arguments(), stop)
                    : new Runner(
                                    grid.first(),
                                    choice,
                                    console.out(),
                                    console.err(),
                                    console.isQuiet(),
                                    stop)
                            .calledAs(console.arguments())
                            .run();
        }
    }
}
