package cglora.pipeline.bench;

import cglora.kernels.check.KernelCheck;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.TornadoStatus;
import cglora.kernels.engine.OpenBlas;
import cglora.pipeline.device.EngineChoice;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Measures one device in this process: first every kernel against float64, then the suites. What
/// is known is written after each of them, for a driver may end the process.
public final class DeviceBenchmark {
    /// The step comes first: its memory is the process's, and TornadoVM keeps what the engines of
    /// other suites gave back.
    private static final List<Suite> ORDER =
            List.of(
                    Suite.STEP,
                    Suite.GENERATE,
                    Suite.DEVICE,
                    Suite.GEMM,
                    Suite.KERNELS,
                    Suite.INIT);

    private final EngineChoice choice;
    private final Set<Suite> suites;
    private final List<Integer> tokens;
    private final StepModel model;
    private final GenerateModel writer;
    private final int repetitions;
    private final InitSuite.Command init;
    private final PrintStream out;
    private final Path part;
    private final Map<String, String> wrong = new LinkedHashMap<>();
    private DeviceRecord record;

    /// @param model of suite step
    /// @param writer of suite generate
    /// @param init  what measures a form of initialisation
    /// @param out   progress, for people
    /// @param part  where the [DeviceRecord] goes
    public DeviceBenchmark(
            EngineChoice choice,
            Set<Suite> suites,
            List<Integer> tokens,
            StepModel model,
            GenerateModel writer,
            int repetitions,
            InitSuite.Command init,
            PrintStream out,
            Path part) {
        this.choice = choice;
        this.suites = suites;
        this.tokens = tokens;
        this.model = model;
        this.writer = writer;
        this.repetitions = repetitions;
        this.init = init;
        this.out = out;
        this.part = part;
    }

    public void run() {
        record = describe().with(List.of(), Machine.load());
        write();
        check();
        try (Clocks clocks = Clocks.of(choice)) {
            for (Suite suite : ORDER) {
                if (suites.contains(suite)) {
                    measure(suite, () -> results(suite));
                }
            }
            record = record.with(List.of(), clocks.notes());
            write();
        }
    }

    private void write() {
        RecordFormat.writePart(part, record);
    }

    private DeviceRecord describe() {
        String engine = choice instanceof EngineChoice.Jvm ? "jvm" : "tornado";
        return switch (choice) {
            case EngineChoice.Jvm(int threads, _) ->
                    record(
                            threads + " threads of " + Machine.current().processor(),
                            engine,
                            new String[] {"jvm", "", OpenBlas.get().description(), "", "", ""});
            case EngineChoice.Tornado(DeviceInfo info, var profile, _) ->
                    record(
                            info.name(),
                            engine,
                            new String[] {
                                info.id().backend(),
                                info.platform(),
                                info.driver(),
                                info.languageVersion(),
                                profile.name(),
                                TornadoStatus.version()
                            });
        };
    }

    /// @param versions backend, platform, driver, language, profile, TornadoVM
    private DeviceRecord record(String name, String engine, String[] versions) {
        return new DeviceRecord(
                choice.device(),
                name,
                engine,
                versions[0],
                versions[1],
                versions[2],
                versions[3],
                versions[4],
                versions[5],
                0,
                List.of(),
                List.of(),
                List.of(),
                "");
    }

    private void check() {
        out.println(choice.device() + ": every kernel against float64");
        var lines = new ArrayList<String>();
        int agreeing = 0;
        for (KernelCheck check : KernelCheck.all(choice::open, this::told)) {
            if (check.agrees()) {
                agreeing++;
            } else {
                String failure = check.failure().replaceAll("\\s+", " ");
                wrong.put(check.kernel(), failure);
                lines.add(check.kernel() + ": " + failure);
            }
        }
        record = record.withChecks(agreeing, lines);
        write();
    }

    private void told(KernelCheck check) {
        out.println("  " + check.kernel() + (check.agrees() ? "" : "  WRONG"));
        out.flush();
    }

    private void measure(Suite suite, Supplier<List<Result>> results) {
        out.println(choice.device() + ": suite " + suite);
        List<Result> measured;
        try {
            measured = results.get();
        } catch (RuntimeException e) {
            measured = List.of(Result.failed(suite, suite.toString(), Unit.SECONDS, e));
        }
        var all = new ArrayList<>(record.results());
        all.addAll(measured);
        record = record.with(Peaks.of(all).mark(measured), List.of());
        write();
    }

    private List<Result> results(Suite suite) {
        return switch (suite) {
            case DEVICE -> new DeviceSuite(choice, repetitions, this::told).run();
            case GEMM -> GemmSuite.run(choice, tokens, repetitions, wrong, this::told);
            case KERNELS ->
                    new KernelSuite(
                                    choice,
                                    KernelProgram.of(model),
                                    repetitions,
                                    wrong,
                                    Peaks.of(record.results()),
                                    this::told)
                            .run();
            case STEP -> whenRight(suite, model.test(), wrong, this::step);
            case GENERATE -> whenRight(suite, writer.test(), wrong, this::generate);
            case INIT -> InitSuite.run(choice, init, out);
        };
    }

    /// A whole program is timed only where every kernel is right.
    ///
    /// @param test  what its first result is called
    /// @param wrong kernels, and what is wrong with each
    static List<Result> whenRight(
            Suite suite, String test, Map<String, String> wrong, Supplier<List<Result>> measured) {
        return wrong.isEmpty()
                ? measured.get()
                : List.of(
                        Result.failed(
                                suite,
                                test,
                                Unit.TOKENS_PER_SECOND,
                                "not timed, for these kernels are wrong: "
                                        + String.join(", ", wrong.keySet())));
    }

    private List<Result> step() {
        var benchmark = new StepBenchmark(choice, model, repetitions, out);
        List<Result> results = benchmark.run();
        record = record.with(List.of(), benchmark.notes());
        return results;
    }

    private List<Result> generate() {
        var benchmark = new GenerateBenchmark(choice, writer, repetitions, out);
        List<Result> results = benchmark.run();
        record = record.with(List.of(), List.of("written by " + benchmark.note()));
        return results;
    }

    private void told(Result result) {
        out.println(
                "  "
                        + result.test()
                        + "  "
                        + (result.hasFailed()
                                ? "FAILED: " + result.failure()
                                : Figures.three(result.median()) + " " + result.unit()));
        out.flush();
    }
}
