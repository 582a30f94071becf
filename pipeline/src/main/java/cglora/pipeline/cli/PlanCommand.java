package cglora.pipeline.cli;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.GridRunner;
import cglora.pipeline.run.Plan;
import cglora.pipeline.spec.GridReading;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Says what a run would take.
@Command(
        name = "plan",
        description = "Print parameters, steps, memory, disk and time of a run, without it.")
final class PlanCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    @Mixin private GridOptions gridOptions;

    @Mixin private EngineOptions engine;

    @Option(
            names = "--no-probe",
            description = "Try no steps: say nothing of the time, and read no weights.")
    private boolean noProbe;

    private final Console console;

    PlanCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        GridReading grid = gridOptions.read(pipeline, engine);
        console.warnings(pipeline.notes());
        EngineChoice choice = engine.choose(grid.first().spec().engine());
        if (!engine.isAnswered(choice, console)) {
            print(grid, choice, console, !noProbe);
        }
        return 0;
    }

    static void print(GridReading grid, EngineChoice choice, Console console, boolean probes) {
        console.warnings(grid.first().warnings());
        if (grid.isGrid()) {
            new GridRunner(grid, choice, console.out(), console.err(), console.isQuiet(), true)
                    .plan(probes);
        } else {
            new Plan(grid.first(), choice, console.out(), console.err(), probes).print();
        }
    }
}
