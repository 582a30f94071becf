package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.FisherType;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.training.CalibrationPass;
import cglora.models.training.FisherPasses;
import cglora.models.training.Session;
import cglora.models.training.SketchSizes;
import cglora.models.training.SketchedPass;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CalibrateSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/// Curvature and gradient of the targeted layers.
final class CalibrateStage {
    /// Random columns of a sketch.
    private static final int SKETCH_COLUMNS = 64;

    private static final int SKETCH_BATCH = 8;
    private static final int THIN_BATCH = 16;

    private static final FisherPasses EMPIRICAL = FisherPasses.empirical();

    private final RunState run;
    private final Inputs inputs;

    CalibrateStage(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// @return what the run shows of it
    String run(CalibrateSpec calibrate) {
        new HeadStage(run).warm();
        AdapterSpec adapter = inputs.adapterSpec();
        Set<Need> needs = Initializers.needs(adapter);
        if (needs.isEmpty()) {
            return adapter == null
                    ? "nothing gathered: there is no adapter to start"
                    : "nothing gathered: " + adapter.method().jsonName() + " needs no statistics";
        }
        Samples s = run.samples(calibrate);
        if (run.shared.start() != null) {
            return "nothing gathered: an earlier cell has the same start";
        }
        if (calibrate.from() != null) {
            EarlierStatistics earlier = EarlierStatistics.of(Path.of(calibrate.from()));
            run.statistics = earlier.read(inputs);
            return "those of %s, from %d examples"
                    .formatted(RunReport.relative(earlier.place()), earlier.examples());
        }
        StatisticsSource kept = run.shared.statistics();
        if (kept != null) {
            run.statistics = kept;
            run.effort = new StartEffort(run.shared.statisticsSeconds(), 0);
            run.warnings.repeat(run.shared.statisticsWarnings());
            keep(calibrate);
            return "the statistics of an earlier cell";
        }
        long begin = System.nanoTime();
        List<LoraLayer> layers = AdapterLayers.of(inputs);
        Batcher batcher = inputs.batcher(batch(calibrate));
        List<Batch> batches = batcher.sequential(s.curvature());
        boolean curved = needs.equals(Need.FACTORS);
        FisherPasses curvature = curved ? passes(calibrate, s.curvature(), batches) : EMPIRICAL;
        List<LinearModule> modules = layers.stream().map(LoraLayer::module).toList();
        run.session.recomputeLayers(inputs.recomputesLayers());
        var pass = new CalibrationPass(run.session, modules);
        CalibrationTokens tokens =
                CalibrationTokens.of(pass, modules, batches, curved ? calibrate.tokens() : null);
        boolean sketched = curved && isSketched(calibrate);
        boolean rows = curved && needsRows(calibrate, inputs, tokens);
        boolean gram = curved && isImplicit(calibrate, inputs, tokens);
        int count = s.curvature().size();
        var warnings = new Problems();
        long bytes;
        if (sketched) {
            SketchedPass sketches = sketches(run.session, calibrate, layers);
            run.statistics = sketches.gather(batches, count, inputs.spec().seed());
            bytes = sketches.bytes();
        } else if (rows) {
            bytes = rowValues(inputs, calibrate, pass, modules, tokens) * Double.BYTES;
            Map<String, TokenStatistics> gathered =
                    pass.tokens(
                            batches, curvature, count, tokens.mostTaken(), inputs.spec().seed());
            var sharing = WeightSharing.valueOf(calibrate.sharing().name());
            noteFallback(calibrate, sharing, gathered, warnings);
            run.statistics = CalibrationPass.implicit(gathered, t -> t.effective(sharing), gram);
        } else {
            bytes = pass.sumBytes(needs);
            run.statistics = pass.gather(needs, batches, curvature, count);
        }
        run.warnings.repeat(warnings.warnings());
        run.effort = new StartEffort((System.nanoTime() - begin) * 1e-9, 0);
        run.shared.keep(run.statistics, run.effort.calibrateSeconds(), bytes, warnings.warnings());
        keep(calibrate);
        String form = sketched ? calibrate.form().jsonName() : gram ? "implicit" : "factored";
        return "%d examples, %s, %d layers, %s, %s"
                .formatted(
                        count,
                        tokens.describe(),
                        layers.size(),
                        calibrate.fisher().jsonName(),
                        curved ? form : gathered(needs));
    }

    private void keep(CalibrateSpec calibrate) {
        if (!calibrate.keep()) {
            return;
        }
        if (run.statistics.isImplicit()) {
            run.notes.warning(
                    ErrorCode.N_CALIBRATION,
                    calibrate.id() + ".keep",
                    "the tokens are fewer than the features, so that they are kept in memory and no"
                            + " statistics are written",
                    "\"form\": \"factored\"");
            return;
        }
        run.statistics = EarlierStatistics.keep(run);
        run.keepsStatistics = true;
    }

    /// Examples a batch: sketches are small, and should not be far less than the activations.
    static int batch(CalibrateSpec calibrate) {
        return switch (calibrate.form()) {
            case SKETCHED -> SKETCH_BATCH;
            case THIN -> THIN_BATCH;
            case AUTO, FACTORED, IMPLICIT -> Inputs.EVALUATION_BATCH;
        };
    }

    /// Whether the factors are sketched, with the gradient or without.
    static boolean isSketched(CalibrateSpec calibrate) {
        return calibrate.form() == CalibrateSpec.Form.SKETCHED || isThin(calibrate);
    }

    private static boolean isThin(CalibrateSpec calibrate) {
        return calibrate.form() == CalibrateSpec.Form.THIN;
    }

    static SketchedPass sketches(Session session, CalibrateSpec calibrate, List<LoraLayer> layers) {
        int rank = layers.stream().mapToInt(LoraLayer::r).max().orElse(1);
        SketchSizes sizes =
                isThin(calibrate) ? SketchSizes.thin(rank) : SketchSizes.ofFactors(SKETCH_COLUMNS);
        return new SketchedPass(session, layers.stream().map(LoraLayer::module).toList(), sizes);
    }

    /// Where the reduced curvature of a layer is cancellation, its tokens are expanded, and the
    /// run says so.
    private static void noteFallback(
            CalibrateSpec calibrate,
            WeightSharing sharing,
            Map<String, TokenStatistics> gathered,
            Problems warnings) {
        List<String> expanded =
                gathered.entrySet().stream()
                        .filter(layer -> layer.getValue().effective(sharing) != sharing)
                        .map(Map.Entry::getKey)
                        .toList();
        if (!expanded.isEmpty()) {
            warnings.warning(
                    ErrorCode.N_CALIBRATION,
                    calibrate.id(),
                    ("sharing 'reduce' is 'expand' in %d of %d layers, whose gradients sum to zero"
                                    + " over the tokens of an example: %s")
                            .formatted(
                                    expanded.size(), gathered.size(), String.join(", ", expanded)),
                    "");
        }
    }

    /// Whether the tokens themselves are kept, not sums of them.
    static boolean needsRows(CalibrateSpec calibrate, Inputs inputs, CalibrationTokens tokens) {
        return tokens.isSample()
                || calibrate.sharing() == CalibrateSpec.Sharing.REDUCE
                || isImplicit(calibrate, inputs, tokens);
    }

    /// Numbers that the tokens' rows are made of: inputs, gradients, and those of the curvature.
    static long rowValues(
            Inputs inputs,
            CalibrateSpec calibrate,
            CalibrationPass pass,
            List<LinearModule> modules,
            CalibrationTokens tokens) {
        FisherType type = FisherType.valueOf(calibrate.fisher().name());
        int outputs = inputs.isOfTokens() ? 1 : inputs.outputs(); // tokens are drawn
        int gradients = 1 + FisherPasses.count(type, outputs);
        return modules.stream()
                .mapToLong(
                        m -> tokens.taken(pass.stream(m)) * (m.in() + (long) gradients * m.out()))
                .sum();
    }

    private static String gathered(Set<Need> needs) {
        return needs.contains(Need.GRADIENT) ? "gradients only" : "inputs only";
    }

    /// The implicit form pays where the tokens are fewer than the features.
    static boolean isImplicit(CalibrateSpec calibrate, Inputs inputs, CalibrationTokens tokens) {
        return switch (calibrate.form()) {
            case AUTO -> tokens.mostTaken() < inputs.checkpoint().body().hiddenSize();
            case FACTORED -> false;
            case IMPLICIT -> true;
            case SKETCHED, THIN -> false;
        };
    }

    private FisherPasses passes(CalibrateSpec calibrate, Dataset data, List<Batch> batches) {
        FisherType type = FisherType.valueOf(calibrate.fisher().name());
        if (type == FisherType.EMPIRICAL) {
            return EMPIRICAL;
        }
        var random = new SplittableRandom(inputs.spec().seed());
        if (inputs.isOfTokens()) {
            return FisherPasses.ofTokens(run.session, batches, random);
        }
        return FisherPasses.of(
                type,
                batches,
                run.metrics.evaluate(data),
                inputs.examples().labels().regression(),
                random);
    }
}
