package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.bench.GemmBenchmark;
import cglora.pipeline.bench.StepBenchmark;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.EngineSpec;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Measures this machine.
@Command(name = "bench", description = "Measure an engine of this machine.")
final class BenchCommand implements Callable<Integer> {
    @Option(
            names = "--suite",
            defaultValue = "step",
            description =
                    "What to measure: step (a LoRA training step of MiniLM) or gemm (products).")
    private String suite;

    @Option(names = "--threads", defaultValue = "0", description = "Threads; 0 takes all cores.")
    private int threads;

    @Option(
            names = {"-r", "--repetitions"},
            defaultValue = "15",
            description = "Timed executions.")
    private int repetitions;

    @Mixin private EngineOptions engine;

    private final Console console;

    BenchCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (!suite.equals("step") && !suite.equals("gemm")) {
            throw new CgloraException(
                    ErrorCode.P_USAGE, "--suite", "no suite '" + suite + "'", "one of step, gemm");
        }
        if (threads < 0 || repetitions < 1) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    threads + " threads, " + repetitions + " repetitions",
                    "at least 1 repetition, 0 or more threads");
        }
        EngineSpec asked = engine.spec();
        EngineChoice choice =
                engine.choose(
                        new EngineSpec(
                                asked.type(), asked.device(), threads == 0 ? null : threads, null));
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        if (suite.equals("gemm")) {
            new GemmBenchmark(choice, repetitions, console.out()).run();
        } else {
            new StepBenchmark(choice, repetitions, console.out()).run();
        }
        return 0;
    }
}
