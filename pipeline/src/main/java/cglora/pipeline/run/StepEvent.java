package cglora.pipeline.run;

import cglora.models.training.Trainer;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A training step, for Java's Flight Recorder.
@Name("cglora.Step")
@Label("Training step")
@Category("cglora")
@Description("A training step with its batches")
@StackTrace(false)
final class StepEvent extends Event {
    @Label("Step")
    int step;

    @Label("Epoch")
    double epoch;

    @Label("Loss")
    double loss;

    @Label("Learning rate")
    double learningRate;

    @Label("Gradient norm")
    double gradNorm;

    @Label("Examples")
    int examples;

    @Label("Tokens")
    int tokens;

    /// An event that has begun.
    static StepEvent begun() {
        var event = new StepEvent();
        event.begin();
        return event;
    }

    /// Ends here.
    void commit(Trainer.Step done) {
        end();
        if (shouldCommit()) {
            step = done.step();
            epoch = done.epoch();
            loss = done.loss();
            learningRate = done.learningRate();
            gradNorm = done.gradNorm();
            examples = done.examples();
            tokens = done.tokens();
            commit();
        }
    }
}
