package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_CONFLICT;

/// What must hold between the settings of a calibrate stage, and between it and the model.
final class CalibrateRules {
    private CalibrateRules() {}

    static void check(CalibrateSpec stage, StagesBefore before, StageProblems here) {
        if (stage.fisher() == CalibrateSpec.Fisher.EXACT && before.tags()) {
            here.error(
                    O_CONFLICT,
                    "fisher",
                    before.notThere("fisher 'exact'"),
                    "\"fisher\": \"mc\", the same matrix in the mean, or \"empirical\"");
        }
        if (stage.fisher() == CalibrateSpec.Fisher.EXACT && before.writes()) {
            here.error(
                    O_CONFLICT,
                    "fisher",
                    "fisher 'exact' is a backward pass for each class, and for task "
                            + before.model().task().jsonName()
                            + " every token of the vocabulary is one",
                    "\"fisher\": \"mc\", the same matrix in the mean, or \"empirical\"");
        }
        checkSketched(stage, here);
        if (stage.keep() && stage.from() != null) {
            here.conflict("keep", "from", "what is taken is kept already");
        }
        if (stage.keep() && stage.form() == CalibrateSpec.Form.IMPLICIT) {
            here.error(
                    O_CONFLICT,
                    "keep",
                    "form 'implicit' keeps tokens, which are not written",
                    "\"form\": \"factored\" or \"sketched\"");
        }
        if (stage.tokens() != null && stage.sharing() == CalibrateSpec.Sharing.REDUCE) {
            here.error(
                    O_CONFLICT,
                    "tokens",
                    "sharing 'reduce' sums over all tokens of an example, and 'tokens' leaves some"
                            + " of them out",
                    "take \"tokens\" out and lower \"samples\", or \"sharing\": \"expand\"");
        }
    }

    private static void checkSketched(CalibrateSpec stage, StageProblems here) {
        if (stage.form() != CalibrateSpec.Form.SKETCHED) {
            return;
        }
        if (here.isSure("fisher") && stage.fisher() != CalibrateSpec.Fisher.EMPIRICAL) {
            here.error(
                    O_CONFLICT,
                    "form",
                    "form 'sketched' takes its labels from the data, found fisher '"
                            + stage.fisher().jsonName()
                            + "'",
                    "\"fisher\": \"empirical\", or \"form\": \"factored\"");
        }
        if (here.isSure("sharing") && stage.sharing() != CalibrateSpec.Sharing.EXPAND) {
            here.error(
                    O_CONFLICT,
                    "form",
                    "form 'sketched' takes every token for an example, found sharing '"
                            + stage.sharing().jsonName()
                            + "'",
                    "\"sharing\": \"expand\", or \"form\": \"factored\"");
        }
        if (stage.tokens() != null) {
            here.error(
                    O_CONFLICT,
                    "form",
                    "form 'sketched' takes all tokens, found tokens " + stage.tokens(),
                    "leave tokens out, or \"form\": \"factored\"");
        }
    }
}
