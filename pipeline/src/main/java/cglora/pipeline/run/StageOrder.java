package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.HashSet;
import java.util.List;

/// This version runs one stage of a kind, but for data, trainings, evaluations and exports, and
/// learns nothing behind the last export.
final class StageOrder {
    private StageOrder() {}

    /// @param stages those that take part
    static void check(List<StageSpec> stages, Problems problems) {
        if (stages.stream().noneMatch(DataSpec.class::isInstance)) {
            problems.error(
                    ErrorCode.P_STAGE,
                    "stages",
                    "there is no stage 'data', so there is nothing to run",
                    "add {\"stage\": \"data\", ...}");
        }
        var seen = new HashSet<Class<?>>();
        for (StageSpec stage : stages) {
            boolean repeats =
                    stage instanceof EvaluateSpec
                            || stage instanceof TrainSpec
                            || stage instanceof DataSpec
                            || stage instanceof ExportSpec;
            boolean again = !seen.add(stage.getClass()) && !repeats;
            boolean late =
                    seen.contains(ExportSpec.class)
                            && (stage instanceof TrainSpec || stage instanceof AdapterSpec)
                            && stages.subList(stages.indexOf(stage), stages.size()).stream()
                                    .noneMatch(ExportSpec.class::isInstance);
            if (again || late) {
                problems.error(
                        ErrorCode.P_STAGE,
                        stage.id(),
                        again
                                ? "is a second stage of its kind; this version runs one"
                                : "comes behind the export, which would not hold what it learns",
                        again
                                ? "take one of them out, or give it \"when\": false"
                                : "move the export behind it");
            }
        }
    }
}
