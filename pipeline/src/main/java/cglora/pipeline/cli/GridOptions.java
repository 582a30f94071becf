package cglora.pipeline.cli;

import cglora.pipeline.spec.GridReader;
import cglora.pipeline.spec.GridReading;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// Settings that take several values: for every verb that runs or plans pipelines.
final class GridOptions {
    @Option(
            names = "--grid",
            paramLabel = "PATH=VALUES",
            description =
                    "Run every combination: adapter.method=lora,cg-lora or seed=0..4; repeatable.")
    private List<String> axes = new ArrayList<>();

    @Option(
            names = "--no-export",
            description = "Cells of a grid write their records, but no adapter or model.")
    private boolean noExport;

    /// Reads a pipeline with its grid; one cell where there is none.
    GridReading read(PipelineOptions pipeline, EngineOptions engine) {
        return GridReader.read(pipeline.file(), pipeline.overrides(engine.settings()), axes);
    }

    boolean exports() {
        return !noExport;
    }
}
