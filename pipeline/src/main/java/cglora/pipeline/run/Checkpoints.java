package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.training.TrainedTensors;
import cglora.models.training.Trainer;
import cglora.models.training.TrainingPosition;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.pipeline.checkpoint.Checkpoint;
import cglora.pipeline.checkpoint.CheckpointFolder;
import cglora.pipeline.checkpoint.CheckpointFolder.Part;
import cglora.pipeline.checkpoint.Manifest;
import cglora.pipeline.spec.PipelineWriter;
import cglora.pipeline.spec.TrainSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Writes the checkpoints of a training, and takes it on from one.
final class Checkpoints implements Trainer.Keeper {
    /// The trained tensors and the optimiser's moments.
    private static final String STATE = "state.safetensors";

    /// The trained tensors of the best state.
    private static final String BEST = "best.safetensors";

    private final RunState run;
    private final TrainSpec spec;
    private final int every;
    private final boolean atEnd;
    private final int before;
    private final int steps;
    private final TrainingLog log;
    private final TrainedTensors tensors;
    private final CheckpointFolder folder;
    private final String start;
    private int lastStep;
    private int written;
    private long bytes;
    private long nanos;

    /// @param run   whose session a [Trainer] has prepared
    /// @param steps of the training; the last one has a checkpoint, too
    Checkpoints(RunState run, TrainSpec spec, int steps, TrainingLog log) {
        this.run = run;
        this.spec = spec;
        this.every = TrainerOptions.saveEvery(run.inputs, spec);
        this.atEnd = TrainerOptions.savesEnd(run.inputs, spec);
        this.before = TrainerOptions.stepsBefore(run.inputs, spec);
        this.steps = steps;
        this.log = log;
        this.tensors = run.session.training().tensors();
        this.folder = folder(run.folder.path(), run.inputs, spec);
        this.start = atEnd || run.resumption != null ? StartDigest.of(run) : "";
    }

    /// Where a training's checkpoints are: `checkpoints/`, and of several trainings
    /// `checkpoints/2-train` and so on, their place and id.
    ///
    /// @param run its folder
    static CheckpointFolder folder(Path run, Inputs inputs, TrainSpec training) {
        Path all = run.resolve(RunFolder.CHECKPOINTS);
        List<TrainSpec> trainings = inputs.trainings();
        String name =
                "%d-%s"
                        .formatted(
                                trainings.indexOf(training) + 1,
                                training.id().replaceAll("[^A-Za-z0-9_-]+", "_"));
        return new CheckpointFolder(trainings.size() == 1 ? all : all.resolve(name), run);
    }

    @Override
    public void reached(TrainingPosition position) {
        int step = position.step();
        if (every > 0 && step % every == 0 || atEnd && step == steps) {
            write(position);
        }
    }

    @Override
    public void stopped(TrainingPosition position) {
        if (every > 0 && position.step() > lastStep) {
            write(position);
        }
    }

    private void write(TrainingPosition position) {
        long begin = System.nanoTime();
        var parts = new ArrayList<Part>();
        parts.add(
                new Part(
                        STATE,
                        file ->
                                SafetensorsWriter.write(
                                        file, tensors.shapes(), tensors::read, Map.of())));
        if (position.bestState() != null) {
            parts.add(
                    new Part(
                            BEST,
                            file ->
                                    SafetensorsWriter.write(
                                            file,
                                            tensors.snapshotShapes(),
                                            position.bestState()::get,
                                            Map.of())));
        }
        long size = folder.write(manifest(position), parts);
        folder.rotate(spec.saveTotalLimit(), position.bestStep());
        lastStep = position.step();
        long took = System.nanoTime() - begin;
        nanos += took;
        bytes = size;
        written++;
        run.folder.event(
                "checkpoint", Map.of("step", before + lastStep, "bytes", size, "ms", took * 1e-6));
    }

    private Manifest manifest(TrainingPosition position) {
        var inputs = new TreeMap<String, String>();
        run.inputs.stamps().absoluteSha256().forEach((f, sum) -> inputs.put(f.toString(), sum));
        return new Manifest(
                Manifest.FORMAT,
                ProductVersion.get(),
                run.session.engine().description(),
                new Manifest.Position(
                        position.step(),
                        position.skipped(),
                        position.skippedInARow(),
                        finite(position.best()),
                        position.bestStep(),
                        finite(log.smoothed())),
                PipelineWriter.write(run.inputs.spec(), run.folder.path()),
                inputs,
                start,
                run.alignment == null ? List.of() : run.alignment.kept(),
                run.report.seconds());
    }

    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }

    /// Takes the training on from the run's checkpoint, where it has one.
    ///
    /// @throws CgloraException R-CHANGED where initialisation has not made the same again;
    ///     R-DAMAGED for tensors that are not this training's
    void restore(Trainer trainer) {
        Checkpoint from = run.resumption == null ? null : run.resumption.of(spec);
        if (from == null) {
            return;
        }
        Manifest manifest = from.manifest();
        requireSameStart(from);
        Manifest.Position p = manifest.position();
        try (var file = new Safetensors(from.file(STATE))) {
            tensors.shapes().forEach((name, shape) -> tensors.write(name, read(file, name, shape)));
        }
        trainer.from(
                new TrainingPosition(
                        p.step(),
                        p.skipped(),
                        p.skippedInARow(),
                        p.best() == null ? Double.NaN : p.best(),
                        p.bestStep(),
                        p.bestStep() == 0 ? null : bestState(from)));
        log.from(p.step(), p.smoothedLoss() == null ? Double.NaN : p.smoothedLoss());
        if (run.alignment != null) {
            run.alignment.restore(manifest.alignment());
        }
        lastStep = p.step();
    }

    private void requireSameStart(Checkpoint from) {
        String engine = run.session.engine().description();
        String then = from.manifest().engine();
        if (!engine.equals(then)) {
            run.notes.warning(
                    ErrorCode.R_ENGINE,
                    "engine",
                    "the run was started on %s and goes on on %s: not with the same bits"
                            .formatted(then, engine),
                    "");
            run.warnings.show();
        }
        if (!start.equals(from.manifest().start())) {
            throw new CgloraException(
                    ErrorCode.R_CHANGED,
                    from.path().toString(),
                    "initialisation has not made what the run was started with"
                            + (engine.equals(then) ? "" : ": it ran on " + then),
                    "resume with the same engine, threads and libraries, or start anew:"
                            + " cglora run");
        }
    }

    private Map<String, float[]> bestState(Checkpoint from) {
        var state = new TreeMap<String, float[]>();
        try (var file = new Safetensors(from.file(BEST))) {
            SortedMap<String, int[]> shapes = tensors.snapshotShapes();
            shapes.forEach((name, shape) -> state.put(name, read(file, name, shape)));
        }
        return state;
    }

    private static float[] read(Safetensors file, String name, int[] shape) {
        long[] extents = file.names().contains(name) ? file.shape(name) : new long[0];
        if (!Arrays.equals(extents, Arrays.stream(shape).asLongStream().toArray())) {
            throw new CgloraException(
                    ErrorCode.R_DAMAGED,
                    file.description(),
                    "tensor '%s' is %s, expected %s"
                            .formatted(name, Arrays.toString(extents), Arrays.toString(shape)),
                    "start anew: cglora run");
        }
        return file.read(name);
    }

    /// What they cost, for the final table; empty where there are none.
    ///
    /// @param trainingNanos time of the training, with them
    String describe(long trainingNanos) {
        return written == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "%d written, %.1f MiB and %.0f ms each, %.1f %% of training",
                        written,
                        bytes / 1048576.0,
                        nanos * 1e-6 / written,
                        100.0 * nanos / trainingNanos);
    }
}
