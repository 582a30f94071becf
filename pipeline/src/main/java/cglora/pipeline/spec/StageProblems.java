package cglora.pipeline.spec;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import java.util.List;

/// Where the problems of one stage are told: each at the setting that makes it, or at the stage.
///
/// @param tree  the stage as its file has it
/// @param draft knows what is wrong by itself: nothing more is said of that
record StageProblems(Problems problems, ObjectValue tree, PipelineDraft.Stage draft) {
    /// Whether these settings are as they are meant.
    boolean isSure(String... keys) {
        return draft.isSure(List.of(keys));
    }

    /// Whether the file has the setting.
    boolean isGiven(String key) {
        return tree.has(key);
    }

    /// Where a setting stands; the stage, where it is not given.
    String origin(String key) {
        JsonValue value = tree.get(key);
        return (value == null ? tree : value).origin().toString();
    }

    void error(ErrorCode code, String key, String what, String fix) {
        problems.error(code, origin(key), what, fix);
    }

    void errorOfStage(ErrorCode code, String what, String fix) {
        problems.error(code, tree.origin().toString(), what, fix);
    }

    void warning(ErrorCode code, String key, String what) {
        problems.warning(code, origin(key), what, "");
    }

    /// Two settings of which one decides the other.
    void conflict(String one, String other, String fix) {
        error(ErrorCode.O_CONFLICT, one, "'" + one + "' and '" + other + "' are both given", fix);
    }
}
