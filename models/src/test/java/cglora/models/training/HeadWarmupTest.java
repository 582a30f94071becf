package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeadWarmupTest {
    private record Sample(float[][] features, int[] labels, float[] targets) {}

    /// Classes around centres that `noise` blurs.
    private static Sample sample(int n, int d, int classes, double noise, long seed) {
        var centres = new Random(99);
        double[][] centre = new double[classes][d];
        for (double[] row : centre) {
            for (int j = 0; j < d; j++) {
                row[j] = centres.nextGaussian();
            }
        }
        var random = new Random(seed);
        var features = new float[n][d];
        var labels = new int[n];
        var targets = new float[n];
        for (int e = 0; e < n; e++) {
            labels[e] = random.nextInt(classes);
            for (int j = 0; j < d; j++) {
                features[e][j] = (float) (centre[labels[e]][j] + noise * random.nextGaussian());
            }
            targets[e] = (float) (2 + features[e][0] - 0.5 * features[e][1]);
        }
        return new Sample(features, labels, targets);
    }

    @Test
    void theHeadIsAStationaryPointOfThePenalisedLoss() {
        Sample train = sample(200, 12, 4, 1.5, 1);
        double l2 = 0.01;
        HeadWarmup.Head head =
                HeadWarmup.fixed(l2)
                        .classification(
                                train.features, train.labels, 4, new float[0][], new int[0]);
        double[] slope = new double[4 * 12 + 4];
        double loss = 0;
        for (int e = 0; e < 200; e++) {
            double[] z = new double[4];
            double sum = 0;
            for (int c = 0; c < 4; c++) {
                z[c] = head.bias()[c];
                for (int j = 0; j < 12; j++) {
                    z[c] += head.weight()[c * 12 + j] * train.features[e][j];
                }
                sum += Math.exp(z[c]);
            }
            loss -= Math.log(Math.exp(z[train.labels[e]]) / sum) / 200;
            for (int c = 0; c < 4; c++) {
                double residual = Math.exp(z[c]) / sum - (c == train.labels[e] ? 1 : 0);
                for (int j = 0; j < 12; j++) {
                    slope[c * 12 + j] += residual * train.features[e][j] / 200;
                }
                slope[48 + c] += residual / 200;
            }
        }
        for (int i = 0; i < 48; i++) {
            slope[i] += l2 * head.weight()[i];
        }
        for (int c = 0; c < 4; c++) {
            slope[48 + c] += 1e-3 * head.bias()[c];
        }
        for (double value : slope) {
            assertThat(value).isCloseTo(0, within(1e-6)); // float32 weights
        }
        assertThat(head.trainLoss()).isCloseTo(loss, within(1e-6));
        assertThat(head.heldOutLoss()).isNaN();
    }

    /// Without a penalty its bias would go to −∞, and where it stops would hang on roundings.
    @Test
    void aClassWithoutExamplesGetsAFiniteBiasThatRoundingsDoNotMove() {
        Sample train = sample(150, 12, 4, 1.5, 3);
        for (int e = 0; e < 150; e++) {
            train.labels[e] = Math.min(train.labels[e], 2);
        }
        var warmup = HeadWarmup.fixed(0.001);
        float[][] none = new float[0][];
        var head = warmup.classification(train.features, train.labels, 4, none, new int[0]);
        assertThat(head.bias()[3]).isBetween(-8f, -1f);
        var random = new Random(5);
        for (float[] features : train.features) {
            for (int j = 0; j < features.length; j++) {
                features[j] *= (float) (1 + 1e-7 * random.nextGaussian());
            }
        }
        var other = warmup.classification(train.features, train.labels, 4, none, new int[0]);
        for (int c = 0; c < 4; c++) {
            assertThat(other.bias()[c]).isCloseTo(head.bias()[c], within(1e-4f));
        }
    }

    @Test
    void thePenaltyWithTheLowestHeldOutLossIsChosen() {
        Sample train = sample(80, 40, 3, 4, 1);
        Sample other = sample(300, 40, 3, 4, 2);
        HeadWarmup.Head chosen =
                HeadWarmup.defaults()
                        .classification(
                                train.features, train.labels, 3, other.features, other.labels);
        for (double l2 : HeadWarmup.L2_CANDIDATES) {
            HeadWarmup.Head fixed =
                    HeadWarmup.fixed(l2)
                            .classification(
                                    train.features, train.labels, 3, other.features, other.labels);
            assertThat(chosen.heldOutLoss()).isLessThanOrEqualTo(fixed.heldOutLoss());
            if (fixed.l2() == chosen.l2()) {
                assertThat(chosen.weight()).containsExactly(fixed.weight());
            }
        }
        assertThat(chosen.trainLoss()).isLessThan(chosen.heldOutLoss());
        assertThat(chosen.heldOutLoss()).isLessThan(Math.log(3) + 0.5);
    }

    @Test
    void ridgeRegressionFindsALinearTarget() {
        Sample train = sample(100, 6, 3, 1, 1);
        Sample other = sample(100, 6, 3, 1, 2);
        HeadWarmup.Head head =
                new HeadWarmup(List.of(1.0, 1e-8))
                        .regression(train.features, train.targets, other.features, other.targets);
        assertThat(head.l2()).isEqualTo(1e-8);
        assertThat(head.weight()).hasSize(6);
        assertThat(head.weight()[0]).isCloseTo(1f, within(1e-4f));
        assertThat(head.weight()[1]).isCloseTo(-0.5f, within(1e-4f));
        assertThat(head.weight()[2]).isCloseTo(0f, within(1e-4f));
        assertThat(head.bias()[0]).isCloseTo(2f, within(1e-4f));
        assertThat(head.heldOutLoss()).isLessThan(1e-6);
    }

    @Test
    void refusesWhatItCannotFit() {
        Sample train = sample(10, 4, 2, 1, 1);
        assertThatThrownBy(
                        () ->
                                HeadWarmup.defaults()
                                        .classification(
                                                train.features,
                                                train.labels,
                                                2,
                                                new float[0][],
                                                new int[0]))
                .hasMessageContaining("needs held-out features");
        assertThatThrownBy(
                        () ->
                                HeadWarmup.fixed(0.1)
                                        .classification(
                                                train.features,
                                                train.labels,
                                                1,
                                                new float[0][],
                                                new int[0]))
                .hasMessageContaining("label 1, expected 0 … 0");
        assertThatThrownBy(() -> HeadWarmup.fixed(-1)).hasMessageContaining("O-RANGE");
        train.features[3][2] = Float.NaN;
        assertThatThrownBy(
                        () ->
                                HeadWarmup.fixed(0.1)
                                        .regression(
                                                train.features,
                                                train.targets,
                                                new float[0][],
                                                new float[0]))
                .hasMessageContaining("N-STATISTICS");
    }
}
