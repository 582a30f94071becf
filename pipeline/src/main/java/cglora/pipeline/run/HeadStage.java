package cglora.pipeline.run;

import cglora.models.data.Batcher;
import cglora.models.training.HeadWarmup;
import cglora.pipeline.spec.HeadWarmupSpec;
import java.util.Map;
import java.util.Optional;

/// Fits the head on features of the base model, before anything depends on it.
final class HeadStage {
    private final RunState run;
    private final Inputs inputs;

    HeadStage(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// Fits the head on features of the base model, once, before anything depends on it.
    void warm() {
        if (run.headReady) {
            return;
        }
        run.headReady = true;
        Optional<HeadWarmupSpec> options = inputs.headOptions();
        if (options.isEmpty()) {
            if (inputs.hasTrainedHead()) {
                run.baseline("before training");
            }
            return;
        }
        Samples s = run.samples(inputs.calibrateSpec().orElse(null));
        Shared.Head kept = run.shared.head();
        if (kept != null) {
            take(kept.head(), s);
            if (!kept.metrics().isEmpty()) {
                run.report.remember("head only", kept.metrics());
            }
            return;
        }
        HeadWarmup.Head head = fit(options.get(), s);
        take(head, s);
        run.shared.keep(new Shared.Head(head, run.baseline("head only")));
    }

    private HeadWarmup.Head fit(HeadWarmupSpec options, Samples s) {
        Batcher batcher = inputs.batcher(Inputs.EVALUATION_BATCH);
        float[][] features = run.session.features(batcher.sequential(s.head()), s.head().size());
        float[][] other =
                run.session.features(batcher.sequential(s.headHeldOut()), s.headHeldOut().size());
        HeadWarmup warmup =
                options.l2().isAuto()
                        ? HeadWarmup.defaults()
                        : HeadWarmup.fixed(options.l2().orElse(0.1));
        warmup = warmup.asking(run.session::requireGoing);
        return inputs.examples().labels().regression()
                ? warmup.regression(features, s.head().targets(), other, s.headHeldOut().targets())
                : warmup.classification(
                        features,
                        s.head().labels(),
                        run.session.model().outputs(),
                        other,
                        s.headHeldOut().labels());
    }

    private void take(HeadWarmup.Head head, Samples s) {
        run.session.write("classifier.weight", head.weight());
        run.session.write("classifier.bias", head.bias());
        run.folder.event(
                "head",
                Map.of(
                        "l2", head.l2(),
                        "train_loss", head.trainLoss(),
                        "held_out_loss", head.heldOutLoss()));
        run.progress.note(
                "      head       warm: l2 %s, loss %.3f on its %d examples, %.3f on others",
                head.l2(), head.trainLoss(), s.head().size(), head.heldOutLoss());
    }
}
