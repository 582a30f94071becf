package cglora.pipeline.cli;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Plan;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Says what a run would take.
@Command(name = "plan", description = "Print parameters, steps and memory of a run, without it.")
final class PlanCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    @Mixin private EngineOptions engine;

    private final Console console;

    PlanCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        var reading = pipeline.read(engine.settings());
        EngineChoice choice = engine.choose(reading.spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        console.warnings(reading.warnings());
        new Plan(reading, choice, console.out(), console.err()).print();
        return 0;
    }
}
