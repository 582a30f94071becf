package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.checkpoint.Durable;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineReading;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// Runs a pipeline: reads its files, counts its memory, makes or opens its folder, and runs its
/// stages. What a stage makes is kept in a [RunState] for those behind it.
public final class Runner {
    private final PipelineSpec spec;
    private final Path file;
    private final EngineChoice engine;
    private final PrintStream out;
    private final PrintStream err;
    private final boolean quiet;
    private final IntSupplier stop;
    private final Problems notes = new Problems();
    private Progress progress;
    private List<String> arguments = List.of();
    private Shared shared = Shared.nothing();
    private boolean isCell;
    private Resumption resumption;
    private boolean exports = true;
    private Path made;

    /// @param engine what computes
    /// @param out    results
    /// @param err    everything else
    /// @param stop   the exit status of who asks to stop, or 0; asked between stages, batches and
    ///     steps
    public Runner(
            PipelineReading reading,
            EngineChoice engine,
            PrintStream out,
            PrintStream err,
            boolean quiet,
            IntSupplier stop) {
        this.spec = reading.spec();
        this.file = reading.file();
        this.engine = engine;
        this.out = out;
        this.err = err;
        this.quiet = quiet;
        this.progress = new Progress(err, quiet);
        this.stop = stop;
        reading.warnings().forEach(w -> notes.warning(w.code(), w.where(), w.what(), w.fix()));
    }

    /// @param given the command line, for the record
    public Runner calledAs(List<String> given) {
        arguments = List.copyOf(given);
        return this;
    }

    /// The folder that the run has made; null where it has come to none.
    public Path folder() {
        return made;
    }

    /// Runs all stages.
    ///
    /// @return the exit status
    public int run() {
        return run(spec, false);
    }

    /// Goes on with a run that was killed or stopped, from its newest whole checkpoint; the reading
    /// is that of its folder's `pipeline.json`.
    ///
    /// @param folder of the run
    /// @param asked  settings that the reading has from the command line, by their paths
    /// @return the exit status
    /// @throws CgloraException K-LOCKED where a process has the folder; R-CHANGED, R-SETTING and
    ///     R-VERSION where the run cannot go on as it began
    public int resume(Path folder, Set<String> asked) {
        RunLock lock = lock(folder);
        try (lock;
                Inputs inputs =
                        InputCheck.read(spec, notes, line -> progress.update(false, "%s", line))) {
            resumption = Resumption.of(folder, spec, inputs, asked, notes);
            return run(inputs, () -> RunFolder.again(folder, lock, resumption.step()), false);
        } catch (IOException e) {
            throw RunFolder.unwritable(folder, e);
        }
    }

    private static RunLock lock(Path folder) {
        try {
            return RunLock.of(folder);
        } catch (IOException e) {
            throw RunFolder.unwritable(folder, e);
        }
    }

    /// Runs all stages as one cell of a grid, or goes on where an earlier call was killed in it.
    /// Its checkpoints go when it is done.
    ///
    /// @param inputs   of the pipeline; the caller closes what they hold
    /// @param folder   of the run
    /// @param others   what other cells have made
    /// @param writes   whether stages may export; an interrupted cell never does
    /// @param number   shown before its progress
    /// @return the exit status
    int runCell(Inputs inputs, Path folder, Shared others, boolean writes, String number) {
        shared = others;
        isCell = true;
        exports = writes;
        progress = Progress.brief(err, quiet, number);
        try {
            int status = startOrGoOn(inputs, folder);
            if (status == 0) {
                Durable.delete(folder.resolve(RunFolder.CHECKPOINTS));
            }
            return status;
        } catch (IOException e) {
            throw RunFolder.unwritable(folder, e);
        } finally {
            progress.clear();
        }
    }

    private int startOrGoOn(Inputs inputs, Path folder) throws IOException {
        resumption = Resumption.ofCell(folder, spec, inputs);
        if (resumption != null) {
            RunLock lock = RunLock.of(folder);
            try {
                return run(inputs, () -> RunFolder.again(folder, lock, resumption.step()), false);
            } catch (CgloraException e) {
                if (e.problems().getFirst().code() != ErrorCode.R_CHANGED) {
                    throw e;
                }
                resumption = null; // on another machine, say: the cell begins anew
            } finally {
                lock.close();
            }
        }
        CellPlace.clear(folder, notes);
        return run(inputs, () -> RunFolder.at(folder), false);
    }

    /// Runs the stages up to the adapter's and writes the adapter as it starts.
    ///
    /// @return the exit status
    /// @throws CgloraException P-STAGE where there is no adapter to start
    public int initialize() {
        AdapterSpec adapter = null;
        var stages = new ArrayList<StageSpec>();
        for (StageSpec stage : spec.stages()) {
            switch (stage) {
                case AdapterSpec found when found.when() -> {
                    adapter = found;
                    stages.add(found);
                }
                case ModelSpec _, DataSpec _, CalibrateSpec _ -> stages.add(stage);
                default -> {}
            }
        }
        if (adapter == null || adapter.method() == AdapterSpec.Method.FULL) {
            throw new CgloraException(
                    ErrorCode.P_STAGE,
                    file.toString(),
                    adapter == null
                            ? "there is no stage 'adapter' to start"
                            : "method 'full' trains all weights, so there is no adapter to start",
                    "add {\"stage\": \"adapter\"} with another method");
        }
        return run(spec.withStages(stages), true);
    }

    private int run(PipelineSpec stages, boolean startOnly) {
        try (Inputs inputs =
                InputCheck.read(stages, notes, line -> progress.update(false, "%s", line))) {
            return run(inputs, () -> RunFolder.under(Path.of(spec.outputDir())), startOnly);
        }
    }

    private int run(Inputs inputs, Supplier<RunFolder> place, boolean startOnly) {
        engine.requireLibrary();
        List<MemoryPlan> counted = RunMemory.of(inputs, engine);
        MemoryPlan.requireFit(counted, engine);
        List<MemoryPlan> plans = plans(counted);
        var folder = place.get();
        made = folder.path();
        var report = new RunReport(folder, out);
        progress.recordTo(folder::log);
        try (var run =
                new RunState(inputs, file, engine, notes, progress, stop, folder, report, shared)) {
            run.isCell = isCell;
            run.resumption = resumption;
            run.startMiB = startMiB(inputs, plans);
            return run(run, plans, startOnly);
        }
    }

    /// The most that the stages up to the adapter's are planned to take, in MiB.
    private static double startMiB(Inputs inputs, List<MemoryPlan> plans) {
        List<String> ids =
                inputs.stages().stream()
                        .filter(s -> s instanceof CalibrateSpec || s instanceof AdapterSpec)
                        .map(StageSpec::id)
                        .toList();
        return plans.stream()
                .filter(plan -> ids.contains(plan.stage()))
                .mapToDouble(MemoryPlan::mib)
                .max()
                .orElse(0);
    }

    private int run(RunState run, List<MemoryPlan> plans, boolean startOnly) {
        var ending = new RunEnding(run);
        try {
            run.arguments = arguments;
            new RunBeginning(run, spec).write(exports, plans);
            new StageSequence(run, plans, exports).run();
            ending.finish(startOnly, exports, MemoryPlan.largest(plans));
            return run.status();
        } catch (CgloraException e) {
            ending.fail(e.exitStatus(), e.problems().getFirst().what(), e);
            throw e;
        } catch (RuntimeException | Error e) {
            ending.fail(e instanceof OutOfMemoryError ? 5 : 1, e.toString(), e);
            throw e;
        }
    }

    /// The memory of each stage. On a device much of the process is its driver's, which no plan
    /// counts: none there.
    private List<MemoryPlan> plans(List<MemoryPlan> counted) {
        return switch (engine) {
            case EngineChoice.Jvm _ -> counted;
            case EngineChoice.Tornado _ -> List.of();
        };
    }
}
