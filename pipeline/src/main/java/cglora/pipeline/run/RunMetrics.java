package cglora.pipeline.run;

import cglora.models.data.Dataset;
import cglora.models.training.Evaluation;
import java.util.Map;

/// Measures what a run's model is at the moment, and records it.
final class RunMetrics {
    private final RunState run;

    RunMetrics(RunState run) {
        this.run = run;
    }

    Evaluation evaluate(Dataset data) {
        return evaluate(run.inputs, data);
    }

    /// @param own with the data stage that the examples are of
    Evaluation evaluate(Inputs own, Dataset data) {
        return run.session.evaluator().evaluate(own.batches(data), data.size());
    }

    /// Measures a state of the model on the split that the final table shows.
    ///
    /// @return empty where there is no such split
    Map<String, Double> baseline(String state) {
        Dataset data = run.inputs.reported();
        if (data.size() == 0) {
            return Map.of();
        }
        Evaluation evaluation = evaluate(data);
        Map<String, Double> metrics = run.session.task().metrics(evaluation, data);
        run.report.remember(state, metrics);
        recordClasses(state, evaluation, data);
        return metrics;
    }

    /// Counts of [true class][predicted class], as the event `confusion`, and those of entities, as
    /// the event `entities` and in the record; nothing for a task without classes.
    void recordClasses(String state, Evaluation evaluation, Dataset data) {
        run.session
                .task()
                .confusion(evaluation, data)
                .ifPresent(
                        counts ->
                                run.folder.event(
                                        "confusion", Map.of("state", state, "counts", counts)));
        run.report.rememberEntities(state, run.session.task().entities(evaluation, data));
    }
}
