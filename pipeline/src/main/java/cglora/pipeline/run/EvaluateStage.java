package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.Dataset;
import cglora.models.training.Evaluation;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/// Evaluates a split.
final class EvaluateStage {
    private final RunState run;
    private final Inputs inputs;

    EvaluateStage(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// @return what the run shows of it
    String run(EvaluateSpec evaluate) {
        Inputs own = inputs.on(evaluate.data().stage());
        Dataset data = own.split(evaluate.data().split());
        if (data.size() == 0) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY,
                    "evaluate.data",
                    "the data stage has no such split",
                    "name a file for it");
        }
        Evaluation evaluation = run.evaluate(own, data);
        Map<String, Double> all = run.session.task().metrics(evaluation, data);
        Map<String, Double> chosen = new LinkedHashMap<>();
        all.forEach(
                (name, value) -> {
                    if (evaluate.metrics() == null || evaluate.metrics().contains(name)) {
                        chosen.put(name, value);
                    }
                });
        String state = when(evaluate) + ", " + evaluate.data().name();
        run.report.remember(state, chosen);
        run.recordClasses(state, evaluation, data);
        return evaluate.data().name() + "  " + RunReport.describe(chosen);
    }

    /// `after training`, and of evaluations that another training follows `before training` and
    /// `after` the id of the training before.
    private String when(EvaluateSpec evaluate) {
        String last = null;
        boolean passed = false;
        for (StageSpec stage : inputs.stages()) {
            if (stage == evaluate) {
                passed = true;
            } else if (stage instanceof TrainSpec training) {
                if (passed) {
                    return last == null ? "before training" : "after " + last;
                }
                last = training.id();
            }
        }
        return "after training";
    }
}
