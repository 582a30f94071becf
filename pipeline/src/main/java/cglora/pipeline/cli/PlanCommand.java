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

    @Mixin private JsonOption json;

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
            print(grid, choice, console, json, !noProbe);
        }
        return 0;
    }

    static void print(
            GridReading grid,
            EngineChoice choice,
            Console console,
            JsonOption json,
            boolean probes) {
        json.requireOne(grid);
        console.warnings(grid.first().warnings());
        if (grid.isGrid()) {
            new GridRunner(grid, choice, console.out(), console.err(), console.isQuiet(), true)
                    .plan(probes);
        } else {
            var plan = new Plan(grid.first(), choice, json.lines(console), console.err(), probes);
            try {
                plan.print();
            } finally {
                json.print(console, plan.record()); // also of what does not fit
            }
        }
    }
}
