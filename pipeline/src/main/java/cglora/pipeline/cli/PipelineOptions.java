package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.pipeline.run.TakenStages;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineDraft;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.PipelineReading;
import cglora.pipeline.spec.PipelineSpec;
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

    @Option(
            names = "--from",
            paramLabel = "ID",
            description =
                    "Begin with this stage: what those before it make is taken from the run of"
                            + " --using.")
    private String from;

    @Option(
            names = "--using",
            paramLabel = "RUN",
            description = "The folder of the earlier run that --from takes from.")
    private Path using;

    private final List<Problem> notes = new ArrayList<>();

    public Path file() {
        return file;
    }

    /// Reads the file with the changes; throws everything that is wrong.
    public PipelineReading read() {
        return read(List.of());
    }

    /// Reads the file with the changes, mistakes and all.
    PipelineDraft draft() {
        PipelineDraft plain = PipelineReader.draft(file, changes(List.of()));
        return from == null && using == null || plain.reading() == null
                ? plain
                : PipelineReader.draft(file, overrides(List.of()));
    }

    /// What --from has to say of settings that the earlier run had others of; known once the file
    /// has been read.
    List<Problem> notes() {
        return List.copyOf(notes);
    }

    /// Reads the file with the changes and further ones.
    PipelineReading read(List<String> more) {
        return PipelineReader.read(file, overrides(more));
    }

    /// The changes and further ones.
    ///
    /// @throws CgloraException P-USAGE, R-MISSING or M-PATH where --from cannot take what it needs
    Overrides overrides(List<String> more) {
        if (from == null && using == null) {
            return changes(more);
        }
        if (from == null || using == null) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "",
                    from == null ? "--using is given without --from" : "--from needs --using",
                    "cglora run FILE --from STAGE --using RUN");
        }
        PipelineSpec spec = PipelineReader.read(file, changes(more)).spec();
        TakenStages taken = TakenStages.of(spec, from, using);
        notes.clear();
        notes.addAll(taken.notes());
        Overrides plain = changes(more);
        var changed = new ArrayList<>(plain.set());
        changed.addAll(taken.set());
        var left = new ArrayList<>(plain.unset());
        left.addAll(taken.unset());
        return Overrides.of(variables, changed, left);
    }

    private Overrides changes(List<String> more) {
        var all = new ArrayList<>(set);
        skip.forEach(id -> all.add(id + ".when=false"));
        all.addAll(more);
        return Overrides.of(variables, all, unset);
    }
}
