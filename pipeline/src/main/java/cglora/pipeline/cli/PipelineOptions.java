package cglora.pipeline.cli;

import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineDraft;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.PipelineReading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The pipeline file and what the command line changes in it: for every verb that reads one.
public final class PipelineOptions {
    @Parameters(paramLabel = "FILE", description = "The pipeline file.")
    private Path file;

    @Option(names = "--var", paramLabel = "NAME=VALUE", description = "Give a variable a value.")
    private List<String> variables = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description = "Change a setting, as in train.learning_rate=3e-4.")
    private List<String> set = new ArrayList<>();

    @Option(
            names = "--unset",
            paramLabel = "PATH",
            description = "Take a setting back to its default.")
    private List<String> unset = new ArrayList<>();

    @Option(
            names = "--skip",
            paramLabel = "ID",
            description = "Leave a stage out, by its id, or its name where it has none.")
    private List<String> skip = new ArrayList<>();

    public Path file() {
        return file;
    }

    /// Reads the file with the changes; throws everything that is wrong.
    public PipelineReading read() {
        return read(List.of());
    }

    /// Reads the file with the changes, mistakes and all.
    PipelineDraft draft() {
        return PipelineReader.draft(file, overrides(List.of()));
    }

    /// Reads the file with the changes and further ones.
    PipelineReading read(List<String> more) {
        return PipelineReader.read(file, overrides(more));
    }

    /// The changes and further ones.
    Overrides overrides(List<String> more) {
        var all = new ArrayList<>(set);
        skip.forEach(id -> all.add(id + ".when=false"));
        all.addAll(more);
        return Overrides.of(variables, all, unset);
    }
}
