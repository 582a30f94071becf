package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.models.training.Trainer;
import java.util.LinkedHashMap;
import java.util.Map;

/// Shows and records training.
final class TrainingLog implements Trainer.Listener {
    private final RunState run;
    private final String stage;
    private final int before;
    private final int steps;
    private final int every;
    private final long begin = System.nanoTime();
    private double smoothed = Double.NaN;
    private double examplesSeen;
    private int lastStep;
    private int firstStep;
    private final GradientWatch watch;
    private StepEvent flight = StepEvent.begun();

    /// @param stage  its id
    /// @param before steps of earlier trainings: the run counts on
    /// @param steps  of this training
    /// @param every  how many steps are one line of the record
    TrainingLog(RunState run, String stage, int before, int steps, int every) {
        this.run = run;
        this.stage = stage;
        this.before = before;
        this.steps = steps;
        this.every = every;
        this.watch = new GradientWatch(run.session, stage, run.notes);
    }

    /// Goes on behind a step that another process has made.
    void from(int step, double smoothedLoss) {
        firstStep = step;
        lastStep = step;
        smoothed = smoothedLoss;
    }

    @Override
    public void step(Trainer.Step step) {
        flight.commit(step);
        lastStep = step.step();
        smoothed = Double.isNaN(smoothed) ? step.loss() : 0.9 * smoothed + 0.1 * step.loss();
        examplesSeen += step.examples();
        double seconds = (System.nanoTime() - begin) * 1e-9;
        double left = seconds / (step.step() - firstStep) * (steps - step.step());
        if (step.step() % every == 0 || step.step() == steps || step.step() == 1) {
            var event = new LinkedHashMap<String, Object>();
            event.put("step", before + step.step());
            event.put("epoch", step.epoch());
            event.put("loss", step.loss());
            event.put("lr", step.learningRate());
            event.put("grad_norm", step.gradNorm());
            event.put("tokens", step.tokens());
            event.put("padding", 1 - (double) step.tokens() / step.positions());
            event.put("ms", step.nanos() * 1e-6);
            event.put("stage", stage);
            run.folder.event("step", event);
        }
        run.progress.update(
                step.step() == steps,
                "%s %d/%d ep %.2f | loss %.3f ema %.3f | lr %.1e | grad %.2f | %.0f ex/s |"
                        + " eta %s",
                stage,
                step.step(),
                steps,
                step.epoch(),
                step.loss(),
                smoothed,
                step.learningRate(),
                step.gradNorm(),
                examplesSeen / seconds,
                Progress.time(left));
        if (watch.step(step)) {
            run.warnings.show();
        }
        flight = StepEvent.begun();
    }

    @Override
    public void skipped(int step, String what) {
        lastStep = step;
        run.notes.warning(ErrorCode.N_NAN, stage, "step skipped: " + what, "");
        run.warnings.show();
        flight = StepEvent.begun();
    }

    /// The step of the run that was tried last, counted from 1.
    int lastStep() {
        return before + lastStep;
    }

    /// A running mean of the loss.
    double smoothed() {
        return smoothed;
    }

    /// Whether what happens now had happened before the run was resumed, behind a later step: the
    /// end of a training is evaluated again to come back to its best state.
    boolean isKnown() {
        return run.resumption != null && lastStep() < run.resumption.step();
    }

    @Override
    public void evaluation(int step, Map<String, Double> values, boolean best) {
        if (isKnown()) {
            return;
        }
        var event = new LinkedHashMap<String, Object>(values);
        event.put("step", before + step);
        event.put("stage", stage);
        event.put("best", best);
        run.folder.event("eval", event);
        run.progress.note(
                "      eval %d/%d  %s%s",
                step, steps, RunReport.describe(values), best ? "  (best)" : "");
        flight = StepEvent.begun();
    }
}
