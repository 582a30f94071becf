package cglora.pipeline.cli;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.PipelineReading;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Runs a pipeline.
@Command(name = "run", description = "Run a pipeline: fine-tune, evaluate, export.")
final class RunCommand implements Callable<Integer> {
    /// How long an interrupted run may take to save what it has.
    private static final long GRACE_SECONDS = 30;

    @Mixin private PipelineOptions pipeline;

    @Mixin private EngineOptions engine;

    private final Console console;

    RunCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        PipelineReading reading = pipeline.read(engine.settings());
        EngineChoice choice = engine.choose(reading.spec().engine());
        return engine.isAnswered(choice, console) ? 0 : run(reading, choice);
    }

    private int run(PipelineReading reading, EngineChoice choice) {
        var stop = new AtomicBoolean();
        var done = new CountDownLatch(1);
        var hook =
                new Thread(
                        () -> {
                            stop.set(true);
                            try {
                                boolean _ = done.await(GRACE_SECONDS, TimeUnit.SECONDS);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return new Runner(
                            reading,
                            choice,
                            console.out(),
                            console.err(),
                            console.isQuiet(),
                            stop::get)
                    .run();
        } finally {
            console.out().flush();
            done.countDown();
            if (!stop.get()) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        }
    }
}
