package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.models.training.TrainingOptions;
import cglora.pipeline.checkpoint.Durable;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.GridCell;
import cglora.pipeline.spec.PipelineReading;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.regex.Pattern;

/// How long the cells of a grid will take. One cell of each kind, that is with other settings that
/// decide how much is computed, is run in a folder that is thrown away: its first stages whole, of
/// each training a few steps and one evaluation. What cells share is counted once.
final class GridTime {
    private static final PrintStream NOWHERE =
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

    /// Settings on which the work does not depend; steps are counted apart.
    private static final Pattern FREE =
            Pattern.compile(
                    "seed|name|output_dir|vars.*|.*\\.(epochs|max_steps|learning_rate"
                            + "|head_learning_rate|weight_decay|adam_[a-z0-9]+|max_grad_norm"
                            + "|scheduler|warmup_(ratio|steps)|logging_steps|save_.*|load_best"
                            + "|lora_alpha|use_rslora|damping|damping_type|class_weights|on_nan)");

    private final EngineChoice engine;
    private final IntSupplier stop;
    private final Map<Map<String, String>, Trial> trials = new LinkedHashMap<>();

    /// @param stop the exit status of who asks to stop, or 0
    GridTime(EngineChoice engine, IntSupplier stop) {
        this.engine = engine;
        this.stop = stop;
    }

    /// Seconds of one training.
    ///
    /// @param first      what the first steps take beyond the others
    /// @param step       of one step, the median
    /// @param evaluation of one evaluation, and of what is beside the steps
    private record Training(double first, double step, double evaluation) {}

    /// What was measured of one kind of cell, in seconds.
    ///
    /// @param name      of the cell that was tried
    /// @param head      fitting the head
    /// @param stages    by ids, without trainings and the head
    /// @param trainings by ids
    /// @param rest      of the run, outside of its stages
    private record Trial(
            String name,
            double head,
            Map<String, Double> stages,
            Map<String, Training> trainings,
            double rest) {}

    /// What cells take, in seconds.
    ///
    /// @param start    heads, calibrations and first values
    /// @param training trainings and the evaluations in them
    /// @param rest     loading, evaluating, exporting, reports
    record Estimate(double start, double training, double rest) {
        static final Estimate NOTHING = new Estimate(0, 0, 0);

        Estimate plus(Estimate other) {
            return new Estimate(start + other.start, training + other.training, rest + other.rest);
        }

        double seconds() {
            return start + training + rest;
        }
    }

    /// Settings that decide how much a cell computes.
    static Map<String, String> kind(GridCell cell) {
        var kind = new TreeMap<String, String>();
        Resumption.settings(PipelineWriter.write(cell.reading().spec()))
                .forEach(
                        (path, value) -> {
                            if (!FREE.matcher(path).matches()) {
                                kind.put(path, value);
                            }
                        });
        return kind;
    }

    /// Kinds of cells that have been tried.
    int kinds() {
        return trials.size();
    }

    /// Tries a cell, unless one of its kind has been tried.
    ///
    /// @param inputs of the cell; the caller closes what they hold
    /// @return whether it was tried
    /// @throws CgloraException as a run of it
    boolean attempt(GridCell cell, Inputs inputs) {
        Map<String, String> kind = kind(cell);
        if (trials.containsKey(kind)) {
            return false;
        }
        Path folder;
        try {
            folder = Files.createTempDirectory("cglora-plan");
        } catch (IOException e) {
            throw RunFolder.unwritable(Path.of(System.getProperty("java.io.tmpdir")), e);
        }
        try {
            trials.put(kind, run(cell, inputs, folder.resolve("run")));
        } finally {
            try {
                Durable.delete(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return true;
    }

    private Trial run(GridCell cell, Inputs inputs, Path folder) {
        var stages = new ArrayList<StageSpec>();
        for (StageSpec stage : cell.reading().spec().stages()) {
            stages.add(
                    stage instanceof TrainSpec training && training.when()
                            ? training.shortened(
                                    Math.min(
                                            TrainerOptions.of(inputs, training).steps(),
                                            TrialSteps.COUNT))
                            : stage);
        }
        PipelineSpec spec = cell.reading().spec().withStages(stages);
        var reading = new PipelineReading(spec, List.of(), cell.reading().file());
        Inputs own = InputCheck.read(spec, new Problems(), inputs);
        new Runner(reading, engine, NOWHERE, NOWHERE, true, stop)
                .runCell(own, folder, Shared.nothing(), !inputs.isFull(), "");
        return trial(cell.name(), own, new RunTimes(RunEvents.read(folder)));
    }

    private static Trial trial(String name, Inputs inputs, RunTimes times) {
        double head = times.headSeconds();
        var stages = new LinkedHashMap<String, Double>();
        var trainings = new LinkedHashMap<String, Training>();
        boolean warmed = false;
        double all = 0;
        for (StageSpec stage : inputs.stages()) {
            double seconds = times.stageSeconds(stage.id());
            all += seconds;
            boolean warms =
                    stage instanceof CalibrateSpec
                            || stage instanceof AdapterSpec
                            || stage instanceof TrainSpec;
            if (warms && !warmed) {
                seconds = Math.max(0, seconds - head); // it is fitted by the first that needs it
                warmed = true;
            }
            if (stage instanceof TrainSpec) {
                double[] steps = times.stepSeconds(stage.id());
                double step = TrialSteps.median(steps);
                double sum = Arrays.stream(steps).sum();
                trainings.put(
                        stage.id(),
                        new Training(
                                Math.max(0, sum - step * steps.length),
                                step,
                                Math.max(0, seconds - sum)));
            } else {
                stages.put(stage.id(), seconds);
            }
        }
        return new Trial(name, head, stages, trainings, Math.max(0, times.seconds() - all));
    }

    /// What all cells take, in the order in which they are run.
    ///
    /// @param cells  that are to be run, all of whose kinds have been tried
    /// @param keys   of what cells share
    /// @param inputs of a cell
    Estimate of(
            List<GridCell> cells,
            Function<GridCell, CellKeys> keys,
            Function<GridCell, Inputs> inputs) {
        Set<Object> made = new HashSet<>();
        var total = Estimate.NOTHING;
        for (GridCell cell : cells) {
            total =
                    total.plus(
                            of(trials.get(kind(cell)), keys.apply(cell), inputs.apply(cell), made));
        }
        return total;
    }

    private Estimate of(Trial trial, CellKeys keys, Inputs inputs, Set<Object> made) {
        double start = made.add(keys.head()) ? trial.head() : 0;
        boolean initializes = inputs.adapterSpec() != null && inputs.adapterSpec().initializes();
        boolean begins = !initializes || made.add(keys.start());
        boolean gathers = keys.statistics() == null || begins && made.add(keys.statistics());
        double training = 0;
        double rest = trial.rest();
        for (StageSpec stage : inputs.stages()) {
            switch (stage) {
                case TrainSpec t -> training += training(inputs, t, trial.trainings().get(t.id()));
                case CalibrateSpec c -> start += gathers ? trial.stages().get(c.id()) : 0;
                case AdapterSpec a -> start += begins ? trial.stages().get(a.id()) : 0;
                default -> rest += trial.stages().get(stage.id());
            }
        }
        return new Estimate(start, training, rest);
    }

    private double training(Inputs inputs, TrainSpec spec, Training tried) {
        TrainingOptions options = TrainerOptions.of(inputs, spec);
        int every = options.evaluationSteps();
        int evaluations = every == 0 ? 1 : Math.ceilDiv(options.steps(), every);
        // what is compiled for a device is compiled in each run, Java's own once
        double first = engine instanceof EngineChoice.Tornado ? tried.first() : 0;
        return first + options.steps() * tried.step() + evaluations * tried.evaluation();
    }
}
