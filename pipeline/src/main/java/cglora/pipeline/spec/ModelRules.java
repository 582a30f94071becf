package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_CONFLICT;

/// What must hold between the settings of a model stage.
final class ModelRules {
    private ModelRules() {}

    /// A model that writes texts has no head beside its body; neither it nor one that tags words
    /// has a number for an answer, or one vector for a text.
    static void check(ModelSpec stage, StageProblems here) {
        if (stage.task() == ModelSpec.Task.SEQ_CLS) {
            return;
        }
        ofClasses("problem_type", stage.problemType() != null, stage, here);
        ofClasses("pooling", stage.pooling() != ModelSpec.Pooling.AUTO, stage, here);
        if (stage.task().tags()) {
            return;
        }
        ofClasses("head", stage.head() != ModelSpec.Head.AUTO, stage, here);
    }

    /// @param given as something else than the default, which a run's own record holds
    private static void ofClasses(String key, boolean given, ModelSpec stage, StageProblems here) {
        if (given) {
            here.error(
                    O_CONFLICT,
                    key,
                    "'"
                            + key
                            + "' is for classes and numbers, the task is "
                            + stage.task().jsonName(),
                    "take it out");
        }
    }
}
