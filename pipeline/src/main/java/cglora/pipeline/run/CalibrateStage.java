package cglora.pipeline.run;

import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.training.CalibrationPass;
import cglora.models.training.Evaluation;
import cglora.models.training.Session;
import cglora.models.training.SketchedPass;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CalibrateSpec;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Curvature and gradient of the targeted layers.
final class CalibrateStage {
    /// Random columns of a sketch.
    private static final int SKETCH_COLUMNS = 32;

    private static final int SKETCH_BATCH = 8;

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
        StatisticsSource kept = run.shared.statistics();
        if (kept != null) {
            run.statistics = kept;
            run.effort = new StartEffort(run.shared.statisticsSeconds(), 0);
            return "the statistics of an earlier cell";
        }
        long begin = System.nanoTime();
        List<LoraLayer> layers = inputs.layers();
        Batcher batcher = inputs.batcher(batch(calibrate));
        List<Batch> batches = batcher.sequential(s.curvature());
        List<Batch> curvature = batches;
        if (calibrate.fisher() == CalibrateSpec.Fisher.MC) {
            curvature = batcher.sequential(sampled(s.curvature()));
        }
        var pass =
                new CalibrationPass(run.session, layers.stream().map(LoraLayer::module).toList());
        int tokens = batches.stream().mapToInt(Batch::tokens).sum();
        boolean curved = needs.equals(Need.FACTORS);
        boolean reduce = curved && calibrate.sharing() == CalibrateSpec.Sharing.REDUCE;
        boolean gram = curved && isImplicit(calibrate, inputs, tokens);
        boolean sketched = curved && isSketched(calibrate);
        int count = s.curvature().size();
        long bytes;
        if (sketched) {
            SketchedPass sketches = sketches(run.session, layers);
            run.statistics = sketches.gather(batches, count, inputs.spec().seed());
            bytes = sketches.bytes();
        } else if (gram || reduce) {
            bytes = rowBytes(layers, tokens);
            run.statistics =
                    CalibrationPass.implicit(
                            pass.tokens(batches, curvature, count),
                            reduce ? WeightSharing.REDUCE : WeightSharing.EXPAND,
                            gram);
        } else {
            bytes = pass.sumBytes(needs);
            run.statistics = pass.gather(needs, batches, curvature, count);
        }
        run.effort = new StartEffort((System.nanoTime() - begin) * 1e-9, 0);
        run.shared.keep(run.statistics, run.effort.calibrateSeconds(), bytes);
        String form = sketched ? "sketched" : gram ? "implicit" : "factored";
        return "%d examples, %d tokens, %d layers, %s, %s"
                .formatted(
                        count,
                        tokens,
                        layers.size(),
                        calibrate.fisher().jsonName(),
                        curved ? form : gathered(needs));
    }

    /// Examples a batch: sketches are small, and should not be far less than the activations.
    static int batch(CalibrateSpec calibrate) {
        return isSketched(calibrate) ? SKETCH_BATCH : Inputs.EVALUATION_BATCH;
    }

    static boolean isSketched(CalibrateSpec calibrate) {
        return calibrate.form() == CalibrateSpec.Form.SKETCHED;
    }

    static SketchedPass sketches(Session session, List<LoraLayer> layers) {
        return new SketchedPass(
                session, layers.stream().map(LoraLayer::module).toList(), SKETCH_COLUMNS);
    }

    /// Bytes of the tokens in float64.
    private static long rowBytes(List<LoraLayer> layers, int tokens) {
        return layers.stream().mapToLong(l -> l.module().in() + 2L * l.module().out()).sum()
                * tokens
                * Double.BYTES;
    }

    private static String gathered(Set<Need> needs) {
        return needs.contains(Need.GRADIENT) ? "gradients only" : "inputs only";
    }

    /// The implicit form pays where the tokens are fewer than the features.
    static boolean isImplicit(CalibrateSpec calibrate, Inputs inputs, int tokens) {
        return switch (calibrate.form()) {
            case AUTO -> tokens < inputs.checkpoint().encoder().hiddenSize();
            case FACTORED -> false;
            case IMPLICIT -> true;
            case SKETCHED -> false;
        };
    }

    /// The examples with labels drawn from the model's own predictions.
    private Dataset sampled(Dataset data) {
        Evaluation evaluation = run.evaluate(data);
        var random = new SplittableRandom(inputs.spec().seed());
        int[] labels = new int[data.size()];
        for (int i = 0; i < labels.length; i++) {
            float[] logits = evaluation.logits()[i];
            double max = Double.NEGATIVE_INFINITY;
            for (float logit : logits) {
                max = Math.max(max, logit);
            }
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit - max);
            }
            double left = random.nextDouble() * sum;
            while (labels[i] < logits.length - 1
                    && (left -= Math.exp(logits[labels[i]] - max)) > 0) {
                labels[i]++;
            }
        }
        return new Dataset(data.tokens(), labels, data.targets(), data.truncated(), data.longest());
    }
}
