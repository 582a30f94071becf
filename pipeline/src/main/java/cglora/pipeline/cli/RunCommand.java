package cglora.pipeline.cli;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.GridRunner;
import cglora.pipeline.run.Runner;
import cglora.pipeline.spec.GridReading;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/// Runs a pipeline, or all cells of a grid of it.
@Command(name = "run", description = "Run a pipeline: fine-tune, evaluate, export.")
final class RunCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    @Mixin private GridOptions gridOptions;

    @Mixin private EngineOptions engine;

    @Option(names = "--dry-run", description = "As cglora plan: say what the run would take.")
    private boolean dryRun;

    @Mixin private JsonOption json;

    private final Console console;

    RunCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        GridReading grid = gridOptions.read(pipeline, engine);
        console.warnings(pipeline.notes());
        EngineChoice choice = engine.choose(grid.first().spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        if (dryRun) {
            PlanCommand.print(grid, choice, console, json, true);
            return 0;
        }
        json.requireOne(grid);
        try (var stop = StopSignals.listen()) {
            return grid.isGrid()
                    ? new GridRunner(
                                    grid,
                                    choice,
                                    console.out(),
                                    console.err(),
                                    console.isQuiet(),
                                    gridOptions.exports())
                            .run(console.arguments(), stop)
                    : one(grid, choice, stop);
        }
    }

    private int one(GridReading grid, EngineChoice choice, StopSignals stop) {
        var runner =
                new Runner(
                                grid.first(),
                                choice,
                                json.lines(console),
                                console.err(),
                                console.isQuiet(),
                                stop)
                        .calledAs(console.arguments());
        int status = runner.run();
        if (json.isAsked()) {
            json.print(console, record(runner.folder(), status));
        }
        return status;
    }

    /// The run's folder, the exit status, and what its `metrics.json` says.
    private static Map<String, Object> record(Path folder, int status) {
        var record = new LinkedHashMap<String, Object>();
        record.put("run", folder.toString());
        record.put("status", status);
        Path metrics = folder.resolve("metrics.json");
        if (Files.isRegularFile(metrics)) {
            record.put("record", JsonMapper.shared().readValue(metrics.toFile(), Map.class));
        }
        return record;
    }
}
