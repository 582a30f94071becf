package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.ErrorKind;
import cglora.pipeline.bench.BenchRecord;
import cglora.pipeline.bench.Benchmark;
import cglora.pipeline.bench.DeviceBenchmark;
import cglora.pipeline.bench.DeviceNames;
import cglora.pipeline.bench.GenerateModel;
import cglora.pipeline.bench.InitPart;
import cglora.pipeline.bench.RecordFormat;
import cglora.pipeline.bench.StepModel;
import cglora.pipeline.bench.Suite;
import cglora.pipeline.device.Again;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.ProductVersion;
import cglora.pipeline.spec.EngineSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Measures devices, each in a process of its own.
@Command(
        name = "bench",
        description = "Measure devices: first that they are right, then how fast they are.",
        subcommands = BenchCompareCommand.class)
final class BenchCommand implements Callable<Integer> {
    /// The longest compilation of a program is far below this.
    private static final long SILENCE_SECONDS = 1800;

    @Option(
            names = "--suite",
            split = ",",
            paramLabel = "SUITE",
            description =
                    "What to measure, of device, gemm, kernels (with device, whose peaks it needs),"
                            + " step (a LoRA training step; the default), generate (a language"
                            + " model that writes) and init (every form of initialisation).")
    private List<String> suites = new ArrayList<>();

    @Option(
            names = "--tokens",
            split = ",",
            paramLabel = "N",
            description = "Of suite gemm: rows of the products; 512, 2048 and 8192 by default.")
    private List<Integer> tokens = List.of(512, 2048, 8192);

    @Option(
            names = "--model",
            paramLabel = "PATH",
            description =
                    "Of suites step, kernels and generate: the folder or ONNX file of the model; by"
                            + " default MiniLM is trained, and SmolLM-135M's shape writes.")
    private String model;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description =
                    "Of suite generate: how the model's matrices are kept, float32 or bfloat16.")
    private String dtype;

    @Option(names = "--threads", defaultValue = "0", description = "Threads; 0 takes all cores.")
    private int threads;

    @Option(
            names = {"-r", "--repetitions"},
            defaultValue = "5",
            description = "Timed samples of each test.")
    private int repetitions;

    @Option(
            names = "--save",
            paramLabel = "FILE",
            description =
                    "Write the record here as JSON, too; a file that is there stays, unless --force"
                            + " is given.")
    private Path save;

    @Option(
            names = "--against",
            paramLabel = "FILE",
            description = "A record to set this one beside; its suites are the default.")
    private List<Path> against = new ArrayList<>();

    @Option(names = "--part", paramLabel = "FILE", hidden = true)
    private Path part;

    @Option(names = "--init", paramLabel = "MODEL/FORM", hidden = true)
    private String init;

    @Option(names = "--init-data", paramLabel = "FILE", hidden = true)
    private Path initData;

    @Mixin private EngineOptions engine;

    @Mixin private OutputOptions output;

    private final Console console;

    BenchCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (threads < 0 || repetitions < 1 || tokens.stream().anyMatch(n -> n < 1)) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    "%d threads, %d repetitions, tokens %s".formatted(threads, repetitions, tokens),
                    "at least 1 repetition and 1 token, 0 or more threads");
        }
        return part == null ? all() : one();
    }

    /// Measures one device in this process.
    private int one() {
        EngineSpec asked = engine.spec();
        EngineChoice choice =
                engine.choose(
                        new EngineSpec(
                                asked.type(), asked.device(), threads == 0 ? null : threads, null));
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        if (init != null) {
            new InitPart(choice, init, repetitions, console.out()).run(initData, part);
        } else {
            new DeviceBenchmark(
                            choice,
                            Suite.parse(suites),
                            tokens,
                            model == null ? StepModel.MINILM : StepModel.of(model),
                            writer(),
                            repetitions,
                            this::initCommand,
                            console.out(),
                            part)
                    .run();
        }
        return 0;
    }

    /// This process again, for one form of initialisation.
    private List<String> initCommand(String form, Path data, Path file) {
        String device = engine.device() == null ? "auto" : engine.device();
        List<String> arguments = arguments(Set.of(Suite.INIT), device, file);
        arguments.addAll(List.of("--init", form, "--init-data", data.toString()));
        return Again.command(Main.class, arguments);
    }

    private int all() throws IOException {
        output.requireFree();
        if (save != null && Files.isRegularFile(save) && !output.isForced()) {
            throw OutputOptions.exists(save, "is there");
        }
        Map<String, BenchRecord> others = BenchOutput.read(against);
        Set<Suite> chosen = chosen(others);
        requireSameVersion(others);
        GenerateModel writer = writer();
        if (chosen.contains(Suite.DEVICE) && !suites.isEmpty() && !suites.contains("device")) {
            console.note(
                    "suite kernels gives parts of the device's peaks: suite device, which measures"
                            + " them, comes with it");
        }
        boolean trains = chosen.contains(Suite.STEP) || chosen.contains(Suite.KERNELS);
        if (model != null && trains) {
            StepModel.of(model).check();
        }
        if (model != null && chosen.contains(Suite.GENERATE)) {
            writer.check();
        }
        List<String> devices =
                DeviceNames.of(
                        engine.device(),
                        () -> Again.command(Main.class, List.of("devices", "--json")));
        var benchmark =
                new Benchmark(
                        ProductVersion.get(),
                        chosen,
                        repetitions,
                        (device, file) ->
                                Again.command(Main.class, arguments(chosen, device, file)),
                        SILENCE_SECONDS,
                        console::note);
        BenchRecord record = benchmark.run(devices);
        if (save != null) {
            OutputOptions.write(save, RecordFormat.write(record));
        }
        if (others.isEmpty()) {
            output.print(BenchOutput.of(record), console);
        } else {
            Map<String, BenchRecord> records = new LinkedHashMap<>(others);
            String here = "here";
            while (records.containsKey(here)) {
                here += " now";
            }
            records.put(here, record);
            output.print(BenchOutput.of(records), console);
        }
        if (record.succeeded()) {
            return 0;
        }
        boolean ended = record.devices().stream().anyMatch(d -> !d.failure().isEmpty());
        return (ended ? ErrorKind.ENGINE : ErrorKind.CHECK).exitStatus();
    }

    private Set<Suite> chosen(Map<String, BenchRecord> others) {
        if (!suites.isEmpty()) {
            return Suite.parse(suites);
        }
        var chosen = EnumSet.noneOf(Suite.class);
        others.values().forEach(record -> chosen.addAll(record.suites()));
        return chosen.isEmpty() ? EnumSet.of(Suite.STEP) : chosen;
    }

    private GenerateModel writer() {
        return GenerateModel.of(model, FrozenType.of(dtype));
    }

    /// Before anything is measured in vain.
    private static void requireSameVersion(Map<String, BenchRecord> others) {
        others.forEach(
                (name, record) -> {
                    if (record.suiteVersion() != Suite.VERSION) {
                        throw new CgloraException(
                                ErrorCode.O_CONFLICT,
                                name,
                                "was measured with suite version %d, this cglora has %d"
                                        .formatted(record.suiteVersion(), Suite.VERSION),
                                "measure both with the same cglora");
                    }
                });
    }

    private List<String> arguments(Set<Suite> chosen, String device, Path file) {
        var arguments =
                new ArrayList<String>(
                        List.of(
                                "bench",
                                "--part",
                                file.toString(),
                                "--suite",
                                chosen.stream()
                                        .map(Suite::toString)
                                        .collect(Collectors.joining(",")),
                                "-r",
                                Integer.toString(repetitions),
                                "--tokens",
                                tokens.stream()
                                        .map(String::valueOf)
                                        .collect(Collectors.joining(",")),
                                "--threads",
                                Integer.toString(threads)));
        if (model != null) {
            arguments.addAll(List.of("--model", model));
        }
        arguments.addAll(List.of("--dtype", dtype));
        arguments.addAll(engine.arguments(device));
        return arguments;
    }
}
