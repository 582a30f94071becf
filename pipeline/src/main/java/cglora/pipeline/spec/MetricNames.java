package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_VALUE;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Which metrics there are for which task.
final class MetricNames {
    private static final Set<String> CLASSIFICATION =
            new TreeSet<>(Set.of("accuracy", "f1", "f1_macro", "loss", "matthews_correlation"));
    private static final Set<String> REGRESSION =
            new TreeSet<>(Set.of("loss", "mae", "mse", "pearson", "spearman"));

    private static final Set<String> WRITING =
            new TreeSet<>(Set.of("exact_match", "loss", "perplexity", "token_accuracy"));

    private static final Set<String> TAGGING =
            new TreeSet<>(Set.of("f1", "loss", "precision", "recall", "token_accuracy"));

    private MetricNames() {}

    /// Tells where a metric does not fit the model's task.
    ///
    /// @param key the setting that names it
    static void require(String name, String key, StagesBefore before, StageProblems here) {
        ModelSpec.ProblemType type = before.model() == null ? null : before.model().problemType();
        var fitting = new TreeSet<String>();
        // without a problem type the labels are classes
        if (before.writes()) {
            fitting.addAll(WRITING);
        } else if (before.tags()) {
            fitting.addAll(TAGGING);
        } else if (type != ModelSpec.ProblemType.REGRESSION) {
            fitting.addAll(CLASSIFICATION);
        }
        if (before.model() == null || type == ModelSpec.ProblemType.REGRESSION && !before.tags()) {
            fitting.addAll(REGRESSION);
        }
        if (fitting.contains(name)) {
            return;
        }
        boolean known =
                CLASSIFICATION.contains(name)
                        || REGRESSION.contains(name)
                        || WRITING.contains(name)
                        || TAGGING.contains(name);
        String task =
                before.writes() || before.tags()
                        ? before.model().task().jsonName()
                        : type == null ? "classification" : type.jsonName();
        here.error(
                P_VALUE,
                key,
                known
                        ? "metric '"
                                + name
                                + "' does not fit "
                                + task
                                + "; metrics are "
                                + String.join(", ", fitting)
                        : "there is no metric '"
                                + name
                                + "'; metrics for "
                                + task
                                + " are "
                                + String.join(", ", fitting),
                SettingType.didYouMean(name, List.copyOf(fitting)));
    }
}
