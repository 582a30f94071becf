package cglora.pipeline.run;

import cglora.kernels.error.Problems;
import cglora.models.adapter.StatisticsSource;
import cglora.models.training.AdapterStart;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.CalibrateSpec;
import java.nio.file.Path;
import java.util.List;
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

    /// Measures the model as it is.
    final RunMetrics metrics = new RunMetrics(this);

    /// Shows what `notes` has collected.
    final RunWarnings warnings;

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
        this.warnings = new RunWarnings(notes, progress, folder);
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

    /// The examples of each purpose, drawn at the first call.
    Samples samples(CalibrateSpec calibrate) {
        if (samples == null) {
            samples = Samples.draw(inputs, calibrate, notes);
        }
        return samples;
    }

    @Override
    public void close() {
        if (session != null) {
            session.close();
        }
        folder.close();
    }
}
