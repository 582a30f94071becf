package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.metric.Entity;
import java.util.List;

/// F1 of one class against the other is the only metric that the number of classes rules out;
/// those of entities need tags that mark some.
final class MetricCheck {
    private MetricCheck() {}

    /// @param examples null where they could not be read
    /// @param id       of the stage that measures
    /// @param key      of the setting that names the metrics
    static void check(
            Examples examples, String id, String key, List<String> names, Problems problems) {
        if (examples != null && examples.labels().tags()) {
            entities(examples, id, key, names, problems);
            return;
        }
        if (examples == null || !examples.labels().classes() || !names.contains("f1")) {
            return;
        }
        int classes = examples.labels().names().size();
        if (classes != 2) {
            problems.error(
                    ErrorCode.P_VALUE,
                    id + "." + key,
                    "metric 'f1' is for two classes, the data has " + classes,
                    "take f1_macro");
        }
    }

    private static void entities(
            Examples examples, String id, String key, List<String> names, Problems problems) {
        List<String> tags = examples.labels().names();
        List<String> ofEntities =
                names.stream().filter(List.of("precision", "recall", "f1")::contains).toList();
        if (!ofEntities.isEmpty() && !Entity.areTags(tags)) {
            problems.error(
                    ErrorCode.P_VALUE,
                    id + "." + key,
                    "metric '%s' is of entities, whose tags are O, B-… and I-…; here they are %s"
                            .formatted(ofEntities.getFirst(), String.join(", ", tags)),
                    "take loss or token_accuracy, or name the tags of numbers by data.labels");
        }
    }
}
