package cglora.models.metric;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/// The metrics of GLUE and their definitions there. A metric that is undefined (no positive
/// example, a constant prediction) is 0, as in scikit-learn.
public final class Metrics {
    /// Classes whose confusion is told; that of more is no table to read.
    public static final int MOST_CONFUSED = 256;

    private Metrics() {}

    /// Metrics of a classifier: `accuracy`, `f1` (class 1 against class 0; two classes only),
    /// `f1_macro`, `matthews_correlation`.
    ///
    /// @param labels      the true class of each example
    /// @param predictions the class that was told for each
    public static Map<String, Double> ofClassification(
            List<Integer> labels, List<Integer> predictions, int classes) {
        double total = labels.size();
        double right = 0;
        double[] both = new double[classes];
        double[] actual = new double[classes];
        double[] predicted = new double[classes];
        for (int i = 0; i < labels.size(); i++) {
            int label = labels.get(i);
            int prediction = predictions.get(i);
            actual[label]++;
            predicted[prediction]++;
            if (label == prediction) {
                both[label]++;
                right++;
            }
        }
        double[] f1 = new double[classes];
        double macro = 0;
        double cross = 0;
        double predictedSquares = 0;
        double actualSquares = 0;
        for (int i = 0; i < classes; i++) {
            double sum = actual[i] + predicted[i];
            f1[i] = sum == 0 ? 0 : 2.0 * both[i] / sum;
            macro += f1[i] / classes;
            cross += actual[i] * predicted[i];
            predictedSquares += predicted[i] * predicted[i];
            actualSquares += actual[i] * actual[i];
        }
        double root =
                Math.sqrt(total * total - predictedSquares)
                        * Math.sqrt(total * total - actualSquares);
        var metrics = new LinkedHashMap<String, Double>();
        metrics.put("accuracy", total == 0 ? 0 : right / total);
        if (classes == 2) {
            metrics.put("f1", f1[1]);
        }
        metrics.put("f1_macro", macro);
        metrics.put("matthews_correlation", root == 0 ? 0 : (right * total - cross) / root);
        return metrics;
    }

    /// Counts of true and predicted classes.
    public static long[][] confusion(List<Integer> labels, List<Integer> predictions, int classes) {
        long[][] confusion = new long[classes][classes];
        for (int i = 0; i < labels.size(); i++) {
            confusion[labels.get(i)][predictions.get(i)]++;
        }
        return confusion;
    }

    /// Metrics of a regression: `mse`, `mae`, `pearson`, `spearman`.
    public static Map<String, Double> ofRegression(double[] targets, double[] predictions) {
        double squares = 0;
        double absolutes = 0;
        for (int i = 0; i < targets.length; i++) {
            double d = predictions[i] - targets[i];
            squares += d * d;
            absolutes += Math.abs(d);
        }
        var metrics = new LinkedHashMap<String, Double>();
        metrics.put("mse", squares / targets.length);
        metrics.put("mae", absolutes / targets.length);
        boolean defined = targets.length > 1;
        metrics.put(
                "pearson",
                defined ? orZero(new PearsonsCorrelation().correlation(targets, predictions)) : 0);
        metrics.put(
                "spearman",
                defined ? orZero(new SpearmansCorrelation().correlation(targets, predictions)) : 0);
        return metrics;
    }

    private static double orZero(double value) {
        return Double.isNaN(value) ? 0 : value;
    }
}
