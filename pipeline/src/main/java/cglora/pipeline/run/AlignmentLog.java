package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.LoraFactors;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.Damping;
import cglora.models.curvature.PredictionAlignment;
import cglora.models.data.Dataset;
import cglora.models.linalg.Matrix;
import cglora.models.training.AdapterFactors;
import cglora.models.training.CalibrationPass;
import cglora.models.training.Evaluation;
import cglora.models.training.LayerFactors;
import cglora.pipeline.checkpoint.Manifest;
import cglora.pipeline.report.AlignmentPage;
import cglora.pipeline.report.AlignmentReport;
import cglora.pipeline.report.AlignmentRow;
import cglora.pipeline.spec.AlignSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// What a run measures beside its reference, step by step. It keeps the logits of `f₀` and of
/// the reference, of examples or of a sample of tokens ([ComparedLogits]); with layers, also the
/// factors of the base model's curvature.
final class AlignmentLog {
    private final RunState run;
    private final AlignSpec spec;
    private final ComparedLogits compared;
    private final TreeMap<Integer, AlignmentRow> rows = new TreeMap<>();
    private TunedModel model;
    private float[][] pretrained;
    private float[][] reference;
    private LayerFactors factors;

    AlignmentLog(RunState run, AlignSpec spec) {
        this.run = run;
        this.spec = spec;
        this.compared = compared(run.inputs, spec);
    }

    /// What is measured on.
    static ComparedLogits compared(Inputs inputs, AlignSpec spec) {
        return ComparedLogits.of(inputs, data(inputs, spec), spec.tokens());
    }

    private static Dataset data(Inputs inputs, AlignSpec spec) {
        Dataset all = inputs.split(spec.data());
        return spec.examples() == null || spec.examples() >= all.size()
                ? all
                : all.slice(0, spec.examples());
    }

    /// The session is `f₀`: the base model with its head, before any adapter.
    void start() {
        pretrained = predictions();
        if (spec.layers()) {
            factors =
                    new CalibrationPass(run.session, modules())
                            .factors(run.inputs.batches(compared.data()), compared.data().size());
        }
    }

    private float[][] predictions() {
        return compared.of(run.inputs, run.session);
    }

    private List<LinearModule> modules() {
        return AdapterLayers.of(run.inputs).stream().map(LoraLayer::module).toList();
    }

    /// Reads what the reference predicts; its model is in memory meanwhile.
    ///
    /// @throws CgloraException O-CONFLICT where it predicts what `f₀` does
    void refer() {
        model = TunedModel.of(run.inputs, Path.of(spec.reference()), new Problems());
        reference = model.logits(compared, run.engine, run::isStopping);
        requireMoved(pretrained, reference, model);
    }

    /// @throws CgloraException O-CONFLICT where the distance is not defined
    static void requireMoved(float[][] pretrained, float[][] reference, TunedModel model) {
        if (!PredictionAlignment.hasMoved(pretrained, reference)) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    model.given().toString(),
                    "predicts what the base model with its head predicts: the relative distance"
                            + " |f - f*| / |f0 - f*| is not defined",
                    "give a model that was trained");
        }
    }

    /// Measures the session as it is after so many steps.
    void measure(int step) {
        measure(step, predictions());
    }

    /// The same, where the session has been asked already.
    ///
    /// @param seen what it said about `on`
    void measure(int step, Evaluation seen, Dataset on) {
        boolean known = on == compared.data() && !compared.isOfTokens();
        measure(step, known ? seen.logits() : predictions());
    }

    private void measure(int step, float[][] adapted) {
        if (reference == null) {
            return; // the run was stopped before
        }
        var alignment = PredictionAlignment.of(pretrained, reference, adapted);
        keep(new AlignmentRow(name(), step, alignment, Map.of()));
        run.folder.event("align", AlignmentReport.record(rows.get(step)));
    }

    private void keep(AlignmentRow row) {
        rows.put(row.step(), row);
        run.report.record(
                "alignment", rows.values().stream().map(AlignmentReport::record).toList());
    }

    /// What has been measured so far, for a checkpoint.
    List<Manifest.Alignment> kept() {
        return rows.values().stream()
                .map(
                        row -> {
                            PredictionAlignment p = row.predictions();
                            return new Manifest.Alignment(
                                    row.step(),
                                    finite(p.relativeDistance()),
                                    finite(p.relativeDistanceRaw()),
                                    finite(p.relativeDistanceH()),
                                    finite(p.cosine()),
                                    finite(p.kl()),
                                    finite(p.agreement()));
                        })
                .toList();
    }

    /// Takes on what another process has measured; the start has been measured again.
    void restore(List<Manifest.Alignment> measured) {
        for (Manifest.Alignment row : measured) {
            if (!rows.containsKey(row.step())) {
                keep(
                        new AlignmentRow(
                                name(),
                                row.step(),
                                new PredictionAlignment(
                                        number(row.relativeDistance()),
                                        number(row.relativeDistanceRaw()),
                                        number(row.relativeDistanceH()),
                                        number(row.cosine()),
                                        number(row.kl()),
                                        number(row.agreement())),
                                Map.of()));
            }
        }
    }

    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private static double number(Double value) {
        return value == null ? Double.NaN : value;
    }

    /// Adds the layers to what was measured of a step.
    void measureLayers(int step) {
        var adapters = AdapterFactors.effective(run.session, Map.of());
        var layers =
                new LayerComparison(
                                factors,
                                Damping.relative(spec.layerDamping()),
                                model,
                                this::originalWeight)
                        .compare(modules(), adapters);
        keep(new AlignmentRow(name(), step, rows.get(step).predictions(), layers));
    }

    /// The weight before a start was taken off it.
    private Matrix originalWeight(LinearModule module) {
        Matrix W = Matrix.of(module.out(), module.in(), run.session.read(module.weight()));
        LoraFactors start = run.start.shifted().get(module.name());
        if (start == null) {
            return W;
        }
        int r = start.loraA().length / module.in();
        double scaling = run.session.adapters().get(module.name()).scaling();
        return W.plus(
                Matrix.of(module.out(), r, start.loraB())
                        .times(Matrix.of(r, module.in(), start.loraA()))
                        .scaled(scaling));
    }

    /// Measures the end, and writes the page.
    ///
    /// @param step whose state the session has
    void finish(int step) {
        if (reference == null) {
            return;
        }
        if (!rows.containsKey(step)) {
            measure(step);
        }
        if (spec.layers()) {
            measureLayers(step);
            factors.close();
        }
        write();
        run.report.line("alignment, step " + step, describe(step));
    }

    /// Writes `alignment.html`.
    void write() {
        run.folder.writeText("alignment.html", AlignmentPage.html(report()));
    }

    private AlignmentReport report() {
        return new AlignmentReport(
                RunReport.relative(model.given()),
                describe(run.inputs, spec, compared),
                new ArrayList<>(rows.values()));
    }

    private String name() {
        return RunReport.relative(run.folder.path());
    }

    /// `validation (data/dev.tsv), 512 examples`.
    private static String describe(Inputs inputs, AlignSpec spec, ComparedLogits compared) {
        return inputs.describe(spec.data()) + ", " + compared.describe();
    }

    /// The numbers of one step.
    String describe(int step) {
        PredictionAlignment p = rows.get(step).predictions();
        return String.format(
                Locale.ROOT,
                "%s, %s  distance %.4f  cosine %.4f  kl %.4f  agreement %.4f",
                spec.data().jsonName(),
                compared.describe(),
                p.relativeDistance(),
                p.cosine(),
                p.kl(),
                p.agreement());
    }
}
