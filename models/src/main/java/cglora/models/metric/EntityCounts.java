package cglora.models.metric;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// How many entities there are, were found, and were found with the right type at the right place.
/// What is undefined is 0, as in seqeval.
///
/// @param actual    entities of the data
/// @param predicted entities that the model found
/// @param right     those that are both
public record EntityCounts(long actual, long predicted, long right) {
    private static final EntityCounts NONE = new EntityCounts(0, 0, 0);

    /// Counts by type, in the order of their names.
    ///
    /// @param sentences the tags of the data, one a word
    /// @param answers   the model's, one a word likewise
    public static Map<String, EntityCounts> byType(
            List<List<String>> sentences, List<List<String>> answers) {
        var counts = new TreeMap<String, EntityCounts>();
        for (int i = 0; i < sentences.size(); i++) {
            Set<Entity> actual = new HashSet<>(Entity.of(sentences.get(i)));
            for (Entity entity : actual) {
                counts.merge(entity.type(), new EntityCounts(1, 0, 0), EntityCounts::plus);
            }
            for (Entity entity : Entity.of(answers.get(i))) {
                int right = actual.contains(entity) ? 1 : 0;
                counts.merge(entity.type(), new EntityCounts(0, 1, right), EntityCounts::plus);
            }
        }
        return counts;
    }

    /// The counts of all types together.
    public static EntityCounts sum(Map<String, EntityCounts> byType) {
        return byType.values().stream().reduce(NONE, EntityCounts::plus);
    }

    private EntityCounts plus(EntityCounts other) {
        return new EntityCounts(
                actual + other.actual, predicted + other.predicted, right + other.right);
    }

    public double precision() {
        return predicted == 0 ? 0 : (double) right / predicted;
    }

    public double recall() {
        return actual == 0 ? 0 : (double) right / actual;
    }

    public double f1() {
        return actual + predicted == 0 ? 0 : 2.0 * right / (actual + predicted);
    }

    /// `precision`, `recall` and `f1`.
    public Map<String, Double> metrics() {
        var metrics = new LinkedHashMap<String, Double>();
        metrics.put("precision", precision());
        metrics.put("recall", recall());
        metrics.put("f1", f1());
        return metrics;
    }
}
