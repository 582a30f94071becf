package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.LoraFactors;
import cglora.models.block.LinearModule;
import cglora.models.curvature.Damping;
import cglora.models.curvature.LayerAlignment;
import cglora.models.curvature.PredictionAlignment;
import cglora.models.data.Dataset;
import cglora.models.linalg.Matrix;
import cglora.models.training.CalibrationPass;
import cglora.models.training.LayerFactors;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.report.AlignmentReport;
import cglora.pipeline.report.AlignmentRow;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.PipelineReading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How near adapters come to the predictions of a fully fine-tuned reference, on one split of a
/// pipeline's data. `f₀` is the pipeline's model with its head as the pipeline warms it; neither
/// depends on the adapter or calibration that the pipeline asks for.
///
/// At most two models are in memory: `f₀`, and the reference while it predicts; then one adapter's
/// after the other. What is kept of them are the logits of `f₀` and of the reference, so that
/// memory does not grow with the number of adapters. Nor does it with the examples where tokens are
/// compared ([ComparedLogits]); where examples are, but for those logits.
public final class Alignment {
    /// How checkpoints along training are called.
    private static final Pattern CHECKPOINT = Pattern.compile("(checkpoint|step)[-_](\\d{1,9})");

    private final PipelineReading reading;
    private final EngineChoice engine;
    private final Problems notes;
    private final Consumer<String> progress;

    /// @param notes    is given the warnings
    /// @param progress is told what has been done
    public Alignment(
            PipelineReading reading,
            EngineChoice engine,
            Problems notes,
            Consumer<String> progress) {
        this.reading = reading;
        this.engine = engine;
        this.notes = notes;
        this.progress = progress;
    }

    /// @param reference folder of a model, of an adapter, or of a run that has one
    /// @param adapters  such folders, in the order in which they are shown
    /// @param split     of the pipeline's data
    /// @param tokens    of models that write or tag: how many are compared at most
    /// @param damping   of the layers' metric, relative; null where layers are not compared
    /// @throws CgloraException D-EMPTY, M-PATH, M-HEAD, A-BASE, A-TENSOR, D-LABEL or O-CONFLICT
    ///     where they can't be compared; all folders are looked at before anything is computed
    public AlignmentReport measure(
            Path reference,
            List<Path> adapters,
            EvaluateSpec.Split split,
            int tokens,
            Double damping) {
        try (Inputs inputs = InputCheck.read(reading.spec(), notes)) {
            Dataset data = inputs.split(split);
            if (data.size() == 0) {
                throw new CgloraException(
                        ErrorCode.D_EMPTY,
                        "--data " + split.jsonName(),
                        "the data stage has no such split",
                        "name a file for it, or take another split");
            }
            var folders = new ArrayList<Path>(adapters);
            folders.add(reference);
            List<TunedModel> tuned = TunedModel.all(inputs, folders, notes);
            TunedModel full = tuned.removeLast();
            var compared = ComparedLogits.of(inputs, data, tokens);
            float[][] pretrained;
            float[][] target;
            var layers = new ArrayList<Map<String, LayerAlignment>>();
            try (Session start = start(inputs)) {
                pretrained = compared.of(inputs, start);
                target = full.logits(compared, engine, () -> false);
                AlignmentLog.requireMoved(pretrained, target, full);
                progress.accept("reference    " + reference);
                if (damping != null) {
                    layers.addAll(
                            layers(inputs, start, data, full, tuned, Damping.relative(damping)));
                    progress.accept("layers       of " + tuned.size() + " adapters");
                }
            }
            var rows = new ArrayList<AlignmentRow>();
            for (int i = 0; i < tuned.size(); i++) {
                float[][] adapted = tuned.get(i).logits(compared, engine, () -> false);
                rows.add(
                        row(
                                adapters.get(i),
                                PredictionAlignment.of(pretrained, target, adapted),
                                damping == null ? Map.of() : layers.get(i)));
                progress.accept(
                        "adapter      %s  (%d of %d)"
                                .formatted(adapters.get(i), i + 1, tuned.size()));
            }
            return new AlignmentReport(
                    reference.toString(),
                    inputs.describe(split) + ", " + compared.describe(),
                    rows);
        }
    }

    /// The base model with its head, as it is before an adapter.
    private Session start(Inputs inputs) {
        boolean taken = inputs.earlierStart().isPresent() || inputs.earlierStatistics().isPresent();
        if (HeadChoice.fitted(inputs).isEmpty() && !HeadChoice.isTrained(inputs) && !taken) {
            notes.warning(
                    ErrorCode.P_STAGE,
                    reading.file().toString(),
                    "the base model has no head and the pipeline warms none: f0 says 0 for every"
                            + " class",
                    "");
        }
        var session =
                new Session(
                        engine.open(),
                        inputs.task(),
                        inputs.checkpoint(),
                        false,
                        HeadChoice.start(inputs),
                        inputs.dtype());
        inputs.checkpoint().weights().release();
        inputs.earlierStart().ifPresent(start -> start.writeHead(session));
        inputs.earlierStatistics().ifPresent(earlier -> earlier.writeHead(session));
        HeadFitting.fit(inputs, session, Samples.draw(inputs, null, notes));
        return session;
    }

    /// The layers of each adapter; none for a whole model.
    private static List<Map<String, LayerAlignment>> layers(
            Inputs inputs,
            Session start,
            Dataset data,
            TunedModel full,
            List<TunedModel> tuned,
            Damping damping) {
        var names = new HashSet<String>();
        tuned.forEach(model -> names.addAll(model.factors().keySet()));
        List<LinearModule> modules = modules(start, names);
        var all = new ArrayList<Map<String, LayerAlignment>>();
        try (LayerFactors factors =
                new CalibrationPass(start, modules).factors(inputs.batches(data), data.size())) {
            var comparison =
                    new LayerComparison(
                            factors,
                            damping,
                            full,
                            module ->
                                    Matrix.of(
                                            module.out(),
                                            module.in(),
                                            start.read(module.weight())));
            for (TunedModel model : tuned) {
                Map<String, LoraFactors> adapter = model.factors();
                all.add(comparison.compare(modules(start, adapter.keySet()), adapter));
            }
        }
        return all;
    }

    private static List<LinearModule> modules(Session session, Iterable<String> names) {
        var wanted = new HashSet<String>();
        names.forEach(wanted::add);
        return session.task().linearModules().stream()
                .filter(module -> wanted.contains(module.name()))
                .toList();
    }

    /// A folder named as a checkpoint is one step of the training that its parent is called after.
    private static AlignmentRow row(
            Path adapter, PredictionAlignment predictions, Map<String, LayerAlignment> layers) {
        Path name = adapter.toAbsolutePath().normalize().getFileName();
        Matcher checkpoint = CHECKPOINT.matcher(name == null ? "" : name.toString());
        if (!checkpoint.matches()) {
            return new AlignmentRow(adapter.toString(), null, predictions, layers);
        }
        Path parent = adapter.getParent();
        return new AlignmentRow(
                parent == null ? "." : parent.toString(),
                Integer.valueOf(checkpoint.group(2)),
                predictions,
                layers);
    }
}
