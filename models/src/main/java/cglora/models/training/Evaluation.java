package cglora.models.training;

import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.metric.Metrics;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// What a model says about a data set.
///
/// @param logits [examples][outputs]; for tokens the logarithm of each one's probability; for
///     classes of tokens [examples][tokens · outputs]
/// @param losses [examples]
/// @param tokens [examples][places] the likeliest token at each place of the target, given those
///     before; empty for classes
public record Evaluation(float[][] logits, float[] losses, int[][] tokens) {
    /// Of classes or numbers.
    public Evaluation(float[][] logits, float[] losses) {
        this(logits, losses, new int[0][]);
    }

    /// The mean loss, summed in float64.
    public double loss() {
        double sum = 0;
        for (float loss : losses) {
            sum += loss;
        }
        return sum / losses.length;
    }

    /// The class with the largest logit.
    public int prediction(int example) {
        int best = 0;
        for (int c = 1; c < logits[example].length; c++) {
            best = logits[example][c] > logits[example][best] ? c : best;
        }
        return best;
    }

    /// `loss` and all metrics of the task.
    public Map<String, Double> metrics(Dataset data, Labels labels) {
        var metrics = new LinkedHashMap<String, Double>();
        metrics.put("loss", loss());
        if (labels.regression()) {
            double[] targets = new double[losses.length];
            double[] predictions = new double[losses.length];
            for (int i = 0; i < losses.length; i++) {
                targets[i] = data.targets()[i];
                predictions[i] = logits[i][0];
            }
            metrics.putAll(Metrics.ofRegression(targets, predictions));
            return metrics;
        }
        metrics.putAll(Metrics.ofClassification(actual(data), predicted(), labels.names().size()));
        return metrics;
    }

    private List<Integer> actual(Dataset data) {
        return Arrays.stream(data.labels(), 0, losses.length).boxed().toList();
    }

    private List<Integer> predicted() {
        return IntStream.range(0, losses.length).mapToObj(this::prediction).toList();
    }

    /// [true class][predicted class] counts.
    public long[][] confusion(Dataset data, Labels labels) {
        return Metrics.confusion(actual(data), predicted(), labels.names().size());
    }
}
