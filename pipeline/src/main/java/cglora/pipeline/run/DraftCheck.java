package cglora.pipeline.run;

import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineDraft;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/// What the files say to the right parts of a pipeline that has mistakes. A mistake is told once:
/// nothing is said here of a setting that is wrong already, nor of what follows from it.
final class DraftCheck {
    /// Settings that decide what is read of the files; where one is wrong, the stage's files wait.
    private static final Set<String> MODEL =
            Set.of("when", "path", "tokenizer", "config", "problem_type", "follow_links");

    private static final Set<String> DATA =
            Set.of("when", "train", "validation", "test", "format", "columns", "labels");

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
                .filter(problem -> !isKnown(draft, problem))
                .toList();
    }

    private static boolean canBeChecked(PipelineDraft.Stage stage) {
        return switch (stage.spec()) {
            case ModelSpec _ -> Collections.disjoint(stage.unsure(), MODEL);
            case DataSpec _ -> Collections.disjoint(stage.unsure(), DATA);
            case AdapterSpec _ -> Collections.disjoint(stage.unsure(), ADAPTER);
            case TrainSpec _ -> Collections.disjoint(stage.unsure(), TRAIN);
            default -> stage.unsure().isEmpty();
        };
    }

    /// Whether it is of a setting that was replaced by its default.
    private static boolean isKnown(PipelineDraft draft, Problem problem) {
        return draft.stages().stream()
                .anyMatch(
                        stage ->
                                stage.unsure().stream()
                                        .anyMatch(
                                                key ->
                                                        problem.where()
                                                                .equals(
                                                                        stage.spec().id()
                                                                                + "."
                                                                                + key)));
    }
}
