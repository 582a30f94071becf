package cglora.pipeline.compare;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a finished run left in its folder.
///
/// @param name      of the folder, as it was named or found
/// @param settings  of `pipeline.json` by their paths, as texts
/// @param states    metrics by the state of the model: `head only`, `after training, test`
/// @param curve     the evaluations on the validation split during training
/// @param seconds   of the whole run
/// @param start     what the adapter's start took
/// @param alignment with a reference, of the last step measured; empty where no stage measured it
/// @param about     versions, engine and device
public record RunRecord(
        String name,
        Map<String, String> settings,
        Map<String, Map<String, Double>> states,
        List<Point> curve,
        double seconds,
        Start start,
        Map<String, Double> alignment,
        Map<String, String> about) {
    static final String TEST = "after training, test";
    static final String VALIDATION = "after training, validation";

    /// An evaluation on the way.
    ///
    /// @param seconds since training began, the evaluations before it included
    /// @param best    whether the state was the best so far, where one is kept
    public record Point(int step, double seconds, Map<String, Double> values, boolean best) {}

    /// @param seconds    calibration and initialisation; NaN where no adapter was started
    /// @param plannedMiB the process at the largest of both stages, by the plan; NaN likewise
    public record Start(double seconds, double plannedMiB) {}

    public RunRecord {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        states = Collections.unmodifiableMap(new LinkedHashMap<>(states));
        curve = List.copyOf(curve);
    }

    /// Whether a smaller value is the better one.
    static boolean lessIsBetter(String metric) {
        return List.of("loss", "mse", "mae").contains(metric.toLowerCase(Locale.ROOT));
    }

    /// On the validation split, of the state that the run ended with; NaN where it was not
    /// measured.
    double validation(String metric) {
        Map<String, Double> end = states.get(VALIDATION);
        if (end != null && end.containsKey(metric)) {
            return end.get(metric);
        }
        boolean keepsBest = !"null".equals(settings.getOrDefault("train.load_best", "null"));
        double value = Double.NaN;
        for (Point point : curve) {
            if (point.best() || !keepsBest) {
                value = point.values().getOrDefault(metric, Double.NaN);
            }
        }
        return value;
    }

    /// On the test split, after training; NaN where it was not measured.
    double test(String metric) {
        return states.getOrDefault(TEST, Map.of()).getOrDefault(metric, Double.NaN);
    }

    /// The loss with which training began, on the split of the final table.
    double startLoss() {
        for (String state : List.of("after initialisation", "head only", "before training")) {
            if (states.containsKey(state)) {
                return states.get(state).getOrDefault("loss", Double.NaN);
            }
        }
        return Double.NaN;
    }

    /// The first evaluation with at most this loss; null where there is none.
    Point reaches(double loss) {
        return curve.stream()
                .filter(point -> point.values().getOrDefault("loss", Double.NaN) <= loss)
                .findFirst()
                .orElse(null);
    }
}
