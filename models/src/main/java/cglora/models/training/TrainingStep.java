package cglora.models.training;

import cglora.models.data.Batch;

/// One optimiser step after another on the same batch: what a benchmark measures.
public final class TrainingStep {
    private final Session session;
    private final AdamW optimizer = new AdamW(new AdamW.Settings(0.9, 0.999, 1e-8, 1));
    private int steps;

    /// Prepares the session's adapters for training.
    public TrainingStep(Session session) {
        this.session = session;
        session.training().prepare(optimizer, 1, 0.01, false);
    }

    /// @return the batch's mean loss before the step
    public double run(Batch batch) {
        steps++;
        float[] weights = batch.weights(1f / batch.terms());
        return session.training().train(batch, weights, steps, optimizer.hyper(1e-3, steps))[0];
    }
}
