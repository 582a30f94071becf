package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.models.training.Trainer;
import java.util.LinkedHashMap;
import java.util.Map;

/// Shows and records training.
final class TrainingLog implements Trainer.Listener {
    private final RunState run;
    private final int steps;
    private final int every;
    private final long begin = System.nanoTime();
    private double smoothed = Double.NaN;
    private double examplesSeen;
    private int lastStep;
    private int firstStep;
    private StepEvent flight = StepEvent.begun();

    TrainingLog(RunState run, int steps, int every) {
        this.run = run;
        this.steps = steps;
        this.every = every;
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
            event.put("step", step.step());
            event.put("epoch", step.epoch());
            event.put("loss", step.loss());
            event.put("lr", step.learningRate());
            event.put("grad_norm", step.gradNorm());
            event.put("tokens", step.tokens());
            event.put("padding", 1 - (double) step.tokens() / step.positions());
            event.put("ms", step.nanos() * 1e-6);
            run.folder.event("step", event);
        }
        run.progress.update(
                step.step() == steps,
                "train %d/%d ep %.2f | loss %.3f ema %.3f | lr %.1e | grad %.2f | %.0f ex/s |"
                        + " eta %s",
                step.step(),
                steps,
                step.epoch(),
                step.loss(),
                smoothed,
                step.learningRate(),
                step.gradNorm(),
                examplesSeen / seconds,
                Progress.time(left));
        flight = StepEvent.begun();
    }

    @Override
    public void skipped(int step, String what) {
        lastStep = step;
        run.notes.warning(ErrorCode.N_NAN, "train", "step skipped: " + what, "");
        run.showNotes();
        flight = StepEvent.begun();
    }

    /// The step that was tried last, counted from 1.
    int lastStep() {
        return lastStep;
    }

    /// A running mean of the loss.
    double smoothed() {
        return smoothed;
    }

    @Override
    public void evaluation(int step, Map<String, Double> values, boolean best) {
        var event = new LinkedHashMap<String, Object>(values);
        event.put("step", step);
        event.put("best", best);
        run.folder.event("eval", event);
        run.progress.note(
                "      eval %d/%d  %s%s",
                step, steps, RunReport.describe(values), best ? "  (best)" : "");
        flight = StepEvent.begun();
    }
}
