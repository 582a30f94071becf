package cglora.pipeline.cli;

import cglora.pipeline.compare.Replay;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.JsonText;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.PipelineReading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// Runs the pipeline of a record again and compares the bits of what was learnt.
@Command(
        name = "replay",
        description =
                "Run a record again and say whether the adapter is the same to the bit; exit status"
                        + " 7 where it is not.")
final class ReplayCommand implements Callable<Integer> {
    private static final int DIFFERS = 7;

    @Parameters(paramLabel = "RUN", description = "The folder of a finished run.")
    private Path run;

    @Option(
            names = "--output-dir",
            paramLabel = "FOLDER",
            description = "The new run's folder is made here; by default in replays, beside RUN.")
    private Path output;

    @Mixin private EngineOptions engine;

    private final Console console;

    ReplayCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        JsonNode record = Replay.requireComparable(run);
        Path before = run.toRealPath();
        PipelineReading reading =
                PipelineReader.read(
                        before.resolve("pipeline.json"),
                        Overrides.of(List.of(), settings(record, before), List.of()));
        EngineChoice choice = engine.choose(reading.spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        try (var stop = StopSignals.listen()) {
            var runner =
                    new Runner(
                                    reading,
                                    choice,
                                    console.out(),
                                    console.err(),
                                    console.isQuiet(),
                                    stop)
                            .calledAs(console.arguments());
            boolean startOnly = record.path("argv").path(0).asString("").equals("init");
            int status = startOnly ? runner.initialize() : runner.run();
            return status == 0 ? tell(new Replay(before, runner.folder()).compare()) : status;
        }
    }

    /// Where the run goes, and the engine that the record names where no other is asked for.
    private List<String> settings(JsonNode record, Path before) {
        Path place = output == null ? before.resolveSibling("replays") : output.toAbsolutePath();
        var settings = new ArrayList<>(List.of("output_dir=" + quoted(place.toString())));
        List<String> asked = engine.settings();
        if (!asked.isEmpty()) {
            settings.addAll(asked);
            return settings;
        }
        String device = record.path("device").asString("");
        if (device.equals("jvm")) {
            settings.addAll(List.of("engine.type=jvm", "engine.device=null"));
            if (record.path("threads").isInt()) {
                settings.add("engine.threads=" + record.path("threads").asInt());
            }
        } else if (!device.isEmpty()) {
            settings.addAll(List.of("engine.type=tornado", "engine.device=" + quoted(device)));
        }
        return settings;
    }

    private static String quoted(String text) {
        return JsonText.write(text).strip();
    }

    private int tell(Replay.Verdict verdict) {
        verdict.lines().forEach(console.out()::println);
        if (verdict.isSame()) {
            console.out().println("the bits agree");
            return 0;
        }
        verdict.differences().forEach(line -> console.out().println("         " + line));
        console.err().println("check failed: the bits differ");
        return DIFFERS;
    }
}
