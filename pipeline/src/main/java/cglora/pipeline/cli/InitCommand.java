package cglora.pipeline.cli;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.PipelineReading;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Starts an adapter without training it. A grid in the file is left aside.
@Command(
        name = "init",
        description = "Write the initialised adapter, to be trained here or with PEFT.")
final class InitCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    @Mixin private EngineOptions engine;

    private final Console console;

    InitCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        PipelineReading reading = pipeline.read(engine.settings());
        EngineChoice choice = engine.choose(reading.spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        try (var stop = StopSignals.listen()) {
            return new Runner(
                            reading, choice, console.out(), console.err(), console.isQuiet(), stop)
                    .calledAs(console.arguments())
                    .initialize();
        }
    }
}
