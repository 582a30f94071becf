package cglora.models.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClassMetricsTest {
    /// Against the definitions, from the matrix of all pairs of classes: accuracy, the mean of each
    /// class's `2 tp / (2 tp + fp + fn)`, and Gorodkin's `R_k`, which is Matthews' coefficient of
    /// several classes.
    @Test
    void agreeWithTheirDefinitions() {
        int classes = 5;
        var random = new Random(3);
        List<Integer> labels = random.ints(400, 0, classes).boxed().toList();
        List<Integer> predictions =
                labels.stream()
                        .map(l -> random.nextInt(3) == 0 ? random.nextInt(classes) : l)
                        .toList();
        long[][] counts = Metrics.confusion(labels, predictions, classes);
        double right = 0;
        double macro = 0;
        double covariance = 0;
        double ofLabels = 0;
        double ofPredictions = 0;
        for (int k = 0; k < classes; k++) {
            double row = 0;
            double column = 0;
            for (int j = 0; j < classes; j++) {
                row += counts[k][j];
                column += counts[j][k];
            }
            right += counts[k][k];
            macro += 2 * counts[k][k] / (row + column) / classes;
            covariance += counts[k][k] / 400.0 - row / 400 * column / 400;
            ofLabels += row / 400 * (1 - row / 400);
            ofPredictions += column / 400 * (1 - column / 400);
        }
        Map<String, Double> metrics = Metrics.ofClassification(labels, predictions, classes);
        assertThat(metrics).containsOnlyKeys("accuracy", "f1_macro", "matthews_correlation");
        assertThat(metrics.get("accuracy")).isCloseTo(right / 400, within(1e-12));
        assertThat(metrics.get("f1_macro")).isCloseTo(macro, within(1e-12));
        assertThat(metrics.get("matthews_correlation"))
                .isCloseTo(covariance / Math.sqrt(ofLabels * ofPredictions), within(1e-12));
    }

    /// A matrix of all pairs of these classes would be 80 GB.
    @Test
    void manyClassesNeedNoMatrix() {
        Map<String, Double> metrics =
                Metrics.ofClassification(List.of(0, 99_999, 7), List.of(0, 99_999, 8), 100_000);
        assertThat(metrics.get("accuracy")).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(metrics.get("f1_macro")).isCloseTo(2e-5, within(1e-12));
    }
}
