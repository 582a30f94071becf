package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_CONFLICT;
import static cglora.kernels.error.ErrorCode.P_STAGE;

/// What must hold between an align stage and the stages before it.
final class AlignRules {
    private AlignRules() {}

    /// It measures what the adapter's stage has started, from there on.
    static void check(AlignSpec stage, StagesBefore before, StageProblems here) {
        StagesBefore.requireSplit(stage, before.data(), stage.data(), here);
        if (before.has(TrainSpec.STAGE)) {
            here.errorOfStage(
                    P_STAGE,
                    "stage 'align' measures from the start of training, and stands behind it",
                    "move it before 'train'");
        }
        if (before.adapter() != null && before.adapter().from() != null) {
            here.errorOfStage(
                    O_CONFLICT,
                    "stage 'align' starts from the base model with its head, and the adapter of"
                            + " \"from\" is trained already",
                    "take one of them out; cglora align compares adapters that are there");
        }
        if (before.adapterIsSure()
                && stage.layers()
                && (before.adapter() == null
                        || before.adapter().method() == AdapterSpec.Method.FULL)) {
            here.error(
                    O_CONFLICT,
                    "layers",
                    "layers are compared with the subspace of an adapter, and there is none"
                            + " before this stage",
                    "\"layers\": false, or another adapter.method");
        }
    }
}
