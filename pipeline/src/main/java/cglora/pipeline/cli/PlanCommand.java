package cglora.pipeline.cli;

import cglora.pipeline.run.Plan;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Says what a run would take.
@Command(name = "plan", description = "Print parameters, steps and memory of a run, without it.")
final class PlanCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    private final Console console;

    PlanCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        var reading = pipeline.read();
        console.warnings(reading.warnings());
        new Plan(reading, console.out(), console.err()).print();
        return 0;
    }
}
