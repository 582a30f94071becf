package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.models.training.Evaluation;
import cglora.pipeline.spec.AdapterSource;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Evaluates a split.
final class EvaluateStage {
    private static final String AFTER = "after training";

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
        Evaluation evaluation = evaluate(evaluate.from(), own, data);
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
        run.metrics.recordClasses(state, evaluation, data);
        return evaluate.data().name() + "  " + RunReport.describe(chosen);
    }

    private Evaluation evaluate(AdapterSource from, Inputs own, Dataset data) {
        if (from == null || from.folder() == null) {
            return run.states.with(
                    from == null ? null : from.stage(), () -> run.metrics.evaluate(own, data));
        }
        return TunedModel.of(inputs, Path.of(from.folder()), new Problems())
                .evaluate(own, data, run.engine, run::isStopping);
    }

    /// What is measured: `after training`, `after head` or `of runs/a`.
    private String when(EvaluateSpec evaluate) {
        AdapterSource from = evaluate.from();
        if (from == null) {
            return now(evaluate);
        }
        if (from.folder() != null) {
            return "of " + RunReport.relative(Path.of(from.folder()));
        }
        List<TrainSpec> trainings = inputs.trainings();
        boolean isLast = !trainings.isEmpty() && trainings.getLast().id().equals(from.stage());
        boolean isStart =
                inputs.adapterSpec() != null && inputs.adapterSpec().id().equals(from.stage());
        return isStart ? AdapterStage.AFTER : isLast ? AFTER : "after " + from.stage();
    }

    /// `after training`, and of evaluations that another training follows `before training` and
    /// `after` the id of the training before.
    private String now(EvaluateSpec evaluate) {
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
        return AFTER;
    }
}
