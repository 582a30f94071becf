package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_CONFLICT;
import static cglora.kernels.error.ErrorCode.P_STAGE;

import java.util.List;

/// What must hold between the settings of a train stage, and between it and the stages before it.
final class TrainRules {
    private TrainRules() {}

    /// Checks it, and takes out what its data cannot serve.
    static TrainSpec settle(TrainSpec stage, StagesBefore before, StageProblems here) {
        if (stage.classWeights() != null && before.writes()) {
            here.error(
                    O_CONFLICT, "class_weights", before.notThere("'class_weights'"), "take it out");
        }
        if (here.isGiven("warmup_steps") && here.isGiven("warmup_ratio")) {
            here.conflict("warmup_ratio", "warmup_steps", "keep one of them");
        }
        if (here.isGiven("epochs") && stage.maxSteps() != null) {
            here.warning(
                    O_CONFLICT,
                    "epochs",
                    "epochs and max_steps are both given; max_steps ("
                            + stage.maxSteps()
                            + ") rules");
        }
        DataSpec data = before.requireData(stage.data(), here);
        if (data == null) {
            if (here.isGiven("load_best") && stage.loadBest() != null && here.isSure("load_best")) {
                MetricNames.require(stage.loadBest(), "load_best", before, here);
            }
            return stage;
        }
        if (data.train() == null) {
            here.errorOfStage(
                    P_STAGE,
                    "stage 'train' needs training examples, and stage '"
                            + data.id()
                            + "' gives none",
                    "add \"train\" to stage '" + data.id() + "'");
        }
        if (!data.hasValidation()) {
            for (String key : List.of("load_best", "eval_steps", "eval_examples")) {
                if (here.isGiven(key)) {
                    here.error(
                            P_STAGE,
                            key,
                            "'"
                                    + key
                                    + "' needs validation examples, and stage '"
                                    + data.id()
                                    + "' gives none",
                            "add \"validation\": a file, or \"validation_split\": 0.1, to stage '"
                                    + data.id()
                                    + "'");
                }
            }
            return stage.withoutEvaluation();
        }
        if (stage.loadBest() != null && here.isSure("load_best")) {
            MetricNames.require(stage.loadBest(), "load_best", before, here);
        }
        if (here.isSure("eval_steps") && stage.evalSteps() == null && stage.loadBest() != null) {
            if (here.isGiven("load_best")) {
                here.error(
                        O_CONFLICT,
                        "load_best",
                        "load_best needs evaluations, but eval_steps is null",
                        "set eval_steps, or \"load_best\": null");
            }
            return stage.withoutLoadBest();
        }
        return stage;
    }
}
