package cglora.pipeline.cli;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.PipelineReading;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/// A verb that runs stages of a pipeline, until somebody asks it to stop.
abstract class RunnerCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    @Mixin private EngineOptions engine;

    private final Console console;

    RunnerCommand(Console console) {
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
            return run(
                    new Runner(
                                    reading,
                                    choice,
                                    console.out(),
                                    console.err(),
                                    console.isQuiet(),
                                    stop)
                            .calledAs(console.arguments()));
        }
    }

    /// @return the exit status
    abstract int run(Runner runner);
}
