package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.DataFormat;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineDraft;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.List;
import java.util.Set;

/// What the files say to the right parts of a pipeline that has mistakes. A mistake is told once:
/// nothing is said here of a setting that is wrong already, nor of what follows from it.
final class DraftCheck {
    /// Settings that decide what is read of the files; where one is wrong, the stage's files wait.
    private static final Set<String> MODEL =
            Set.of("when", "path", "tokenizer", "config", "problem_type", "follow_links");

    /// But for `format.type`: the nearest of the formats is taken, or the one that a file's name
    /// tells.
    private static final Set<String> DATA =
            Set.of(
                    "when",
                    "train",
                    "validation",
                    "test",
                    "columns",
                    "labels",
                    "format.header",
                    "format.quote",
                    "format.encoding");

    private static final Set<String> ADAPTER =
            Set.of(
                    "when",
                    "method",
                    "r",
                    "target_modules",
                    "exclude_modules",
                    "rank_pattern",
                    "alpha_pattern",
                    "modules_to_save",
                    "cg",
                    "from",
                    "start");

    private static final Set<String> TRAIN =
            Set.of(
                    "when",
                    "epochs",
                    "max_steps",
                    "per_device_batch_size",
                    "gradient_accumulation_steps");

    private DraftCheck() {}

    /// @param notes is given the warnings
    /// @return everything that is wrong with the files
    static List<Problem> of(PipelineDraft draft, Problems notes) {
        List<StageSpec> stages =
                draft.stages().stream()
                        .filter(DraftCheck::canBeChecked)
                        .map(PipelineDraft.Stage::spec)
                        .toList();
        return InputCheck.survey(draft.of(stages), notes).stream()
                .filter(problem -> draft.stages().stream().noneMatch(s -> isKnown(s, problem)))
                .toList();
    }

    private static boolean canBeChecked(PipelineDraft.Stage stage) {
        return switch (stage.spec()) {
            case ModelSpec _ -> stage.isSure(MODEL);
            case DataSpec _ ->
                    stage.isSure(DATA)
                            && !stage.unsure().contains("format")
                            && !stage.unsure().contains("format.");
            case AdapterSpec _ -> stage.isSure(ADAPTER);
            case TrainSpec _ -> stage.isSure(TRAIN);
            default -> stage.unsure().isEmpty();
        };
    }

    /// Whether it is of a setting that is wrong already, or follows from one.
    private static boolean isKnown(PipelineDraft.Stage stage, Problem problem) {
        return stage.unsure().stream()
                        .anyMatch(key -> problem.where().equals(stage.spec().id() + "." + key))
                || follows(stage, problem.code());
    }

    /// What says no more than that a guess was wrong.
    private static boolean follows(PipelineDraft.Stage stage, ErrorCode code) {
        return switch (stage.spec()) {
            case ModelSpec _ when stage.unsure().contains("head") -> code == ErrorCode.M_HEAD;
            case ModelSpec model when stage.unsure().contains("task") ->
                    model.task() == ModelSpec.Task.SEQ_CLS
                            && (code == ErrorCode.M_FAMILY
                                    || code == ErrorCode.D_COLUMN
                                    || code == ErrorCode.D_LABEL);
            case DataSpec data when stage.unsure().contains("format.type") ->
                    data.format().type() == DataFormat.Type.AUTO
                            && (code == ErrorCode.D_FORMAT || code == ErrorCode.D_COLUMN);
            default -> false;
        };
    }
}
