package cglora.pipeline.run;

import cglora.models.training.HeadWarmup;
import java.util.Map;

/// Fits the head on features of the base model, before anything depends on it.
final class HeadStage {
    private static final String STATE = "head only";
    private static final String BEFORE = "before training";

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
        boolean taken = inputs.earlierStart().isPresent() || inputs.earlierStatistics().isPresent();
        if (taken) {
            inputs.earlierStart().ifPresent(start -> start.writeHead(run.session));
            inputs.earlierStatistics().ifPresent(earlier -> earlier.writeHead(run.session));
            if (HeadChoice.wanted(inputs).isPresent()) {
                run.metrics.baseline(STATE);
            } else if (HeadChoice.isTrained(inputs)) {
                run.metrics.baseline(BEFORE);
            }
        } else if (HeadChoice.fitted(inputs).isPresent()) {
            fit();
        } else if (HeadChoice.isTrained(inputs)) {
            run.metrics.baseline(BEFORE);
        }
        if (run.alignment != null) {
            run.alignment.start();
        }
    }

    private void fit() {
        Samples s = run.samples(inputs.calibrateSpec().orElse(null));
        Shared.Head kept = run.shared.head();
        if (kept == null) {
            HeadWarmup.Head head = HeadFitting.fit(inputs, run.session, s).orElseThrow();
            show(head, s);
            run.shared.keep(new Shared.Head(head, run.metrics.baseline(STATE)));
            return;
        }
        run.session.writeHead(kept.head());
        show(kept.head(), s);
        if (!kept.metrics().isEmpty()) {
            run.report.remember(STATE, kept.metrics());
        }
    }

    private void show(HeadWarmup.Head head, Samples s) {
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
