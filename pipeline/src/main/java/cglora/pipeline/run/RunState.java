package cglora.pipeline.run;

import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.adapter.StatisticsSource;
import cglora.models.data.Dataset;
import cglora.models.training.AdapterStart;
import cglora.models.training.Evaluation;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.CalibrateSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/// What a run has made so far: the stages read it and add to it.
final class RunState implements AutoCloseable {
    final Inputs inputs;
    final Path file;
    final EngineChoice engine;
    final Problems notes;
    final Progress progress;
    final IntSupplier stop;
    final RunFolder folder;
    final RunReport report;
    final Shared shared;
    Session session;
    StatisticsSource statistics = StatisticsSource.none();
    AdapterStart.Result start;
    StartEffort effort = StartEffort.NONE;
    double startMiB;
    boolean isCell;

    /// What is measured beside a reference; null where there is no such stage.
    final AlignmentLog alignment;

    /// Where it goes on; null where it does not go on but begins.
    Resumption resumption;

    /// Whether what is taken of the statistics is written for later runs.
    boolean keepsStatistics;

    boolean headReady;
    boolean interrupted;
    boolean trained;
    List<String> arguments = List.of();
    Path adapterPath;
    Path modelPath;
    /// What stages take that is not the newest.
    final KeptStates states = new KeptStates(this);

    private Samples samples;
    private int notesShown;

    /// @param file   the pipeline's
    /// @param engine what computes
    /// @param notes  collects warnings
    /// @param stop   the exit status of who asks to stop, or 0
    /// @param shared what other runs of this process have made
    RunState(
            Inputs inputs,
            Path file,
            EngineChoice engine,
            Problems notes,
            Progress progress,
            IntSupplier stop,
            RunFolder folder,
            RunReport report,
            Shared shared) {
        this.inputs = inputs;
        this.file = file;
        this.engine = engine;
        this.notes = notes;
        this.progress = progress;
        this.stop = stop;
        this.folder = folder;
        this.report = report;
        this.shared = shared;
        this.alignment = inputs.alignSpec().map(spec -> new AlignmentLog(this, spec)).orElse(null);
    }

    boolean isStopping() {
        return stop.getAsInt() != 0;
    }

    /// From here on nothing asks whether to stop: what was learnt is written.
    void interrupt() {
        interrupted = true;
        if (session != null) {
            session.stopWhen(() -> false);
        }
    }

    /// The run's exit status.
    int status() {
        return interrupted ? stop.getAsInt() : 0;
    }

    Evaluation evaluate(Dataset data) {
        return evaluate(inputs, data);
    }

    /// @param own with the data stage that the examples are of
    Evaluation evaluate(Inputs own, Dataset data) {
        return session.evaluator().evaluate(own.batches(data), data.size());
    }

    /// Measures a state of the model on the split that the final table shows.
    ///
    /// @return empty where there is no such split
    Map<String, Double> baseline(String state) {
        Dataset data = inputs.reported();
        if (data.size() == 0) {
            return Map.of();
        }
        Evaluation evaluation = evaluate(data);
        Map<String, Double> metrics = session.task().metrics(evaluation, data);
        report.remember(state, metrics);
        recordClasses(state, evaluation, data);
        return metrics;
    }

    /// Counts of [true class][predicted class], as the event `confusion`, and those of entities, as
    /// the event `entities` and in the record; nothing for a task without classes.
    void recordClasses(String state, Evaluation evaluation, Dataset data) {
        session.task()
                .confusion(evaluation, data)
                .ifPresent(
                        counts ->
                                folder.event(
                                        "confusion", Map.of("state", state, "counts", counts)));
        report.rememberEntities(state, session.task().entities(evaluation, data));
    }

    /// The examples of each purpose, drawn at the first call.
    Samples samples(CalibrateSpec calibrate) {
        if (samples == null) {
            samples = Samples.draw(inputs, calibrate, notes);
        }
        return samples;
    }

    /// What an earlier run, or an earlier part of this one, had to say, unless it has been said.
    void repeat(List<Problem> warnings) {
        for (Problem w : warnings) {
            if (!notes.warnings().contains(w)) {
                notes.warning(w.code(), w.where(), w.what(), w.fix());
            }
        }
    }

    /// Shows and records the warnings that are new.
    void showNotes() {
        List<Problem> warnings = notes.warnings();
        for (; notesShown < warnings.size(); notesShown++) {
            Problem w = warnings.get(notesShown);
            progress.note("%s", w.render("warning"));
            folder.event(
                    "warning",
                    Map.of("code", w.code().toString(), "where", w.where(), "what", w.what()));
        }
    }

    @Override
    public void close() {
        if (session != null) {
            session.close();
        }
        folder.close();
    }
}
