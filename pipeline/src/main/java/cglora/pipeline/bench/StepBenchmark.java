package cglora.pipeline.bench;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.OpenBlas;
import cglora.kernels.engine.Profile;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.block.LinearModule;
import cglora.models.data.Batch;
import cglora.models.training.TrainingStep;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.MemoryPlan;
import cglora.pipeline.run.PeakMemory;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/// A LoRA training step on this machine: r = 8 on all linear layers, 16 sequences of 128 tokens,
/// and the same products by OpenBLAS alone.
final class StepBenchmark {
    private static final int ROWS = StepModel.ROWS;
    private static final int WIDTH = StepModel.WIDTH;

    /// Of a linear layer.
    private record Widths(int out, int in) {}

    private static final int UNTIMED = 5;

    /// So long a step runs before it is timed, in nanoseconds: until its code is compiled.
    private static final long WARMED = 3_000_000_000L;

    private static final int PROFILED = 5;

    private final EngineChoice choice;
    private final StepModel model;
    private final int repetitions;
    private final PrintStream out;
    private final StepLosses losses = new StepLosses();
    private String energyNote = "";

    StepBenchmark(EngineChoice choice, StepModel model, int repetitions, PrintStream out) {
        this.choice = choice;
        this.model = model;
        this.repetitions = repetitions;
        this.out = out;
    }

    /// Prints what people read and returns what the record holds. Losses that are wrong take the
    /// place of all figures: they are compared behind the step's end, where the memory that it
    /// takes is known.
    List<Result> run() {
        List<Result> results = measure();
        List<Double> expected =
                choice instanceof EngineChoice.Jvm ? List.of() : StepLosses.expected(model);
        String wrong = losses.wrong(expected);
        if (wrong.isEmpty()) {
            line("losses        %s", losses.agreement(expected));
            return results;
        }
        line("losses        WRONG: %s", wrong);
        return List.of(Result.failed(Suite.STEP, model.test(), Unit.TOKENS_PER_SECOND, wrong));
    }

    /// What a reader of the record should know.
    List<String> notes() {
        return List.of(energyNote);
    }

    private List<Result> measure() {
        PeakMemory.restart();
        double before = PeakMemory.residentMiB();
        String test = model.test();
        try (var checkpoint = model.checkpoint();
                var engine = choice.open();
                var energy = Energy.of(choice)) {
            var session = model.session(engine, checkpoint);
            var step = new TrainingStep(session);
            Batch batch = StepModel.batch(checkpoint);
            int tokens = StepModel.tokens(checkpoint);
            long begin = System.nanoTime();
            losses.add(step.run(batch));
            double first = (System.nanoTime() - begin) * 1e-9;
            String compiled = compilation(engine);
            for (int i = 1; i < UNTIMED || System.nanoTime() - begin < WARMED; i++) {
                losses.add(step.run(batch));
            }
            double[] seconds = new double[repetitions];
            energy.begin();
            long processors = ProcessorTime.nanos();
            for (int i = 0; i < repetitions; i++) {
                long start = System.nanoTime();
                step.run(batch);
                seconds[i] = (System.nanoTime() - start) * 1e-9;
            }
            processors = ProcessorTime.nanos() - processors;
            int steps = repetitions;
            for (; energy.isTooShort(); steps++) {
                step.run(batch);
            }
            OptionalDouble joules = energy.end();
            energyNote = energy.note();
            double ofOne = 1.0 / steps;
            var results = new ArrayList<Result>();
            results.add(Result.rate(Suite.STEP, test, Unit.TOKENS_PER_SECOND, tokens, seconds));
            results.add(Result.of(Suite.STEP, test + " time", Unit.SECONDS, seconds));
            results.add(Result.of(Suite.STEP, test + " first", Unit.SECONDS, first));
            results.add(
                    Result.of(
                            Suite.STEP,
                            test + " processors' time",
                            Unit.SECONDS,
                            processors * 1e-9 / repetitions));
            joules.ifPresent(
                    j ->
                            results.add(
                                    Result.of(
                                            Suite.STEP, test + " energy", Unit.JOULES, j * ofOne)));
            Arrays.sort(seconds);
            double median = results.get(1).median();
            var program = session.training().planned(StepModel.shape(checkpoint));
            results.add(
                    Result.of(
                            Suite.STEP,
                            test + " launches",
                            Unit.LAUNCHES,
                            program.launches().size()));
            if (engine instanceof TornadoEngine tornado) {
                results.add(
                        Result.of(
                                Suite.STEP,
                                test + " compile",
                                Unit.SECONDS,
                                tornado.statistics().compileNanos() * 1e-9));
            }
            results.add(
                    Result.of(
                            Suite.STEP,
                            test + " resident peak",
                            Unit.MEBIBYTES,
                            PeakMemory.residentMiB()));
            line("engine        %s", engine.description());
            line(
                    "step          %.1f ms median of %d (%.1f … %.1f)   %.0f tokens/s   %.0f GFLOP/s",
                    1e3 * median,
                    repetitions,
                    1e3 * seconds[0],
                    1e3 * seconds[repetitions - 1],
                    tokens / median,
                    program.operations() / median * 1e-9);
            line("launches      %d a step", program.launches().size());
            line("first step    %.1f s with all compilation", first);
            if (engine instanceof TornadoEngine tornado) {
                line("compiled      %s", compiled);
                results.add(overhead(tornado, step, batch));
            }
            var plan =
                    MemoryPlan.above(
                            MemoryPlan.Item.host(
                                    "JVM, libraries and the check of kernels, measured",
                                    (long) (before * 1048576)),
                            "the step",
                            MemoryPlan.Item.engine("weights and state", session.persistentBytes()),
                            MemoryPlan.Item.engine("adapters", session.adapterBytes()),
                            MemoryPlan.Item.engine("activations", program.scratchBytes()));
            line(
                    "memory        resident peak %.0f MiB, planned %s",
                    PeakMemory.residentMiB(), plan);
            if (engine instanceof JvmEngine jvm) {
                line("allocated     %.0f MiB", jvm.allocatedBytes() / 1048576.0);
                Profile profile = jvm.startProfile();
                for (int i = 0; i < PROFILED; i++) {
                    step.run(batch);
                }
                jvm.stopProfile();
                report(profile);
                gemm(profile, jvm.parallelism(), checkpoint.body().linearModules());
            }
            return results;
        }
    }

    /// What the first step compiled on a device.
    private static String compilation(Engine engine) {
        return engine instanceof TornadoEngine tornado
                ? String.format(
                        Locale.ROOT,
                        "%d graphs of %d tasks, %.1f s with their first executions",
                        tornado.statistics().graphs(),
                        tornado.statistics().tasks(),
                        tornado.statistics().compileNanos() * 1e-9)
                : "";
    }

    /// The share of a step that is no kernel's, of steps of their own under TornadoVM's profiler.
    /// The profiler slows a step down, but not its kernels, so that it is less without.
    private Result overhead(TornadoEngine engine, TrainingStep step, Batch batch) {
        double[] shares = new double[PROFILED];
        double kernels = 0;
        double wall = 0;
        engine.startProfile();
        for (int i = 0; i < PROFILED; i++) {
            long before = engine.statistics().kernelNanos();
            long start = System.nanoTime();
            step.run(batch);
            double whole = System.nanoTime() - start;
            double inKernels = engine.statistics().kernelNanos() - before;
            shares[i] = 100 * (1 - inKernels / whole);
            kernels += inKernels / PROFILED;
            wall += whole / PROFILED;
        }
        engine.stopProfile();
        Result result =
                Result.of(Suite.STEP, model.test() + " beyond its kernels", Unit.PERCENT, shares);
        line(
                "overhead      %.1f %% of a step of %.1f ms with profiler beyond its kernels' %.1f ms",
                result.median(), 1e-6 * wall, 1e-6 * kernels);
        return result;
    }

    private void report(Profile profile) {
        double total = profile.families().values().stream().mapToLong(Profile.Entry::nanos).sum();
        double dense = 100 * profile.families().get("matmul").nanos() / total;
        double thin = 100 * profile.families().get("lowrank").nanos() / total;
        line(
                "gemm          %.1f %% of the step in dense, %.1f %% in low-rank products   everything"
                        + " else %.1f %%",
                dense, thin, 100 - dense - thin);
        profile.kernels().entrySet().stream()
                .sorted((a, b) -> Long.compare(b.getValue().nanos(), a.getValue().nanos()))
                .forEach(
                        e ->
                                line(
                                        "  %-24s %6.1f %%  %8.2f ms  %3d launches  %6.1f GFLOP/s",
                                        e.getKey(),
                                        100 * e.getValue().nanos() / total,
                                        e.getValue().nanos() / (1e6 * PROFILED),
                                        e.getValue().launches() / PROFILED,
                                        (double) e.getValue().operations() / e.getValue().nanos()));
    }

    /// The step's large products by the library alone, split over as many threads.
    private void gemm(Profile profile, int threads, List<LinearModule> modules) {
        var matmul = profile.families().get("matmul");
        double engineRate = (double) matmul.operations() / matmul.nanos();
        int tokens = ROWS * WIDTH;
        Map<Widths, Long> shapes =
                modules.stream()
                        .map(module -> new Widths(module.out(), module.in()))
                        .collect(Collectors.groupingBy(w -> w, Collectors.counting()));
        double operations = 0;
        double nanos = 0;
        try (var pool = Executors.newFixedThreadPool(threads)) {
            for (var entry : shapes.entrySet()) {
                int out = entry.getKey().out();
                int in = entry.getKey().in();
                long times = entry.getValue();
                // forward the weight is transposed, backward it is not
                nanos += (double) times * median(pool, threads, tokens, out, in, true);
                nanos += (double) times * median(pool, threads, tokens, in, out, false);
                operations += 4.0 * tokens * out * in * times;
            }
        }
        line(
                "OpenBLAS      %.0f GFLOP/s on the same shapes called directly; %.0f through the"
                        + " engine: %.2f",
                operations / nanos, engineRate, engineRate / (operations / nanos));
    }

    /// Nanoseconds of a product of [m, k] with [k, n].
    private static long median(
            ExecutorService pool, int threads, int m, int n, int k, boolean transposed) {
        float[] a = random(m * k);
        float[] b = random(n * k);
        float[] c = new float[m * n];
        long[] times = new long[9];
        for (int i = 0; i < times.length; i++) {
            long start = System.nanoTime();
            var parts = new ArrayList<Future<?>>();
            for (int t = 0; t < threads; t++) {
                int first = m * t / threads;
                int count = m * (t + 1) / threads - first;
                parts.add(
                        pool.submit(
                                () ->
                                        OpenBlas.get()
                                                .sgemm(
                                                        false,
                                                        transposed,
                                                        count,
                                                        n,
                                                        k,
                                                        1f,
                                                        a,
                                                        first * k,
                                                        k,
                                                        b,
                                                        0,
                                                        transposed ? k : n,
                                                        0f,
                                                        c,
                                                        first * n,
                                                        n)));
            }
            parts.forEach(StepBenchmark::join);
            times[i] = System.nanoTime() - start;
        }
        Arrays.sort(times);
        return times[times.length / 2];
    }

    private static void join(Future<?> part) {
        try {
            part.get();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static float[] random(int count) {
        var random = new SplittableRandom(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    private void line(String format, Object... arguments) {
        out.println(String.format(Locale.ROOT, format, arguments));
    }
}
