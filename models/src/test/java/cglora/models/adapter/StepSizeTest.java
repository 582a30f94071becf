package cglora.models.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.Softmax;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StepSizeTest {
    private static double crossEntropy(Matrix logits, int[] labels) {
        double loss = 0;
        for (int e = 0; e < labels.length; e++) {
            loss -= Softmax.logProbabilities(logits, e)[labels[e]] / labels.length;
        }
        return loss;
    }

    @Test
    void theQuadraticStepIsOneNewtonStepOfTheLossAlongALinearDirection() {
        var random = new Random(1);
        Matrix logits = RandomMatrices.gaussian(40, 3, random);
        int[] labels = new int[40];
        Matrix direction = Matrix.zero(40, 3);
        for (int e = 0; e < 40; e++) {
            labels[e] = random.nextInt(3);
            direction.values()[e * 3 + labels[e]] = 1 + random.nextGaussian();
        }
        double epsilon = 1e-3;
        double eta =
                StepSize.quadratic(logits, logits.plus(direction.scaled(epsilon)), epsilon, labels);
        // derivatives of the loss itself by differences; the logits are linear in η
        double h = 1e-4;
        double at = crossEntropy(logits, labels);
        double up = crossEntropy(logits.plus(direction.scaled(h)), labels);
        double down = crossEntropy(logits.minus(direction.scaled(h)), labels);
        double newton = -((up - down) / (2 * h)) / ((up - 2 * at + down) / (h * h));
        assertThat(eta).isCloseTo(newton, within(1e-5 * newton));
        // a longer direction gives a shorter step
        Matrix twice = logits.plus(direction.scaled(2 * epsilon));
        assertThat(StepSize.quadratic(logits, twice, epsilon, labels))
                .isCloseTo(eta / 2, within(1e-10 * eta));
    }

    @Test
    void theQuadraticStepOfTheSquaredErrorIsItsMinimiser() {
        Matrix predictions = Matrix.of(new double[] {1}, new double[] {2});
        float[] targets = {4, 4};
        // along d = (1, 1): (1 + η − 4)² + (2 + η − 4)² is least at η = 2.5
        Matrix moved = Matrix.of(new double[] {1.5}, new double[] {2.5});
        assertThat(StepSize.quadratic(predictions, moved, 0.5, targets))
                .isCloseTo(2.5, within(1e-14));
    }

    @Test
    void thePredictedStepIsEvaluatedOnceWhereThePredictionHolds() {
        var asked = new java.util.ArrayList<Double>();
        StepSize step =
                StepSize.predicted(
                        4,
                        10,
                        eta -> (eta - 2.2) * (eta - 2.2),
                        eta -> {
                            asked.add(eta);
                            return 9;
                        });
        assertThat(step.eta()).isEqualTo(2);
        assertThat(step.lowered()).isTrue();
        assertThat(asked).containsExactly(2.0);
        StepSize worse = StepSize.predicted(4, 10, eta -> -eta, eta -> eta > 0.6 ? 11 : 9.9);
        assertThat(worse.eta()).isEqualTo(0.5);
        assertThat(worse.trials()).hasSize(5);
        StepSize none = StepSize.predicted(4, 10, eta -> -eta, _ -> Double.NaN);
        assertThat(none.lowered()).isFalse();
        assertThat(none.eta()).isEqualTo(0.25);
    }

    @Test
    void theLinearLossIsThatOfLogitsThatAreLinear() {
        var random = new Random(2);
        Matrix logits = RandomMatrices.gaussian(9, 3, random);
        Matrix direction = RandomMatrices.gaussian(9, 3, random);
        int[] labels = random.ints(9, 0, 3).toArray();
        assertThat(
                        StepSize.linearLoss(
                                logits, logits.plus(direction.scaled(0.01)), 0.01, 2, labels))
                .isCloseTo(crossEntropy(logits.plus(direction.scaled(2)), labels), within(1e-10));
        float[] targets = {4, 4};
        Matrix predictions = Matrix.of(new double[] {1}, new double[] {2});
        Matrix moved = Matrix.of(new double[] {1.5}, new double[] {2.5});
        assertThat(StepSize.linearLoss(predictions, moved, 0.5, 3, targets))
                .isCloseTo(0.5, within(1e-12));
    }

    @Test
    void aDirectionThatRaisesTheLossOrDoesNothingIsRefused() {
        Matrix logits = Matrix.of(new double[] {0, 0});
        Matrix wrong = Matrix.of(new double[] {-1e-3, 0});
        int[] labels = {0};
        assertThatThrownBy(() -> StepSize.quadratic(logits, wrong, 1e-3, labels))
                .hasMessageContaining("N-STEP");
        assertThatThrownBy(() -> StepSize.quadratic(logits, logits, 1e-3, labels))
                .hasMessageContaining("N-STEP");
    }

    @Test
    void theSearchTakesTheBestAndStopsWhenTheLossRisesAgain() {
        StepSize step = StepSize.heldOut(8, eta -> 1 + (eta - 4) * (eta - 4) / 100);
        assertThat(step.eta()).isEqualTo(4);
        assertThat(step.lowered()).isTrue();
        assertThat(step.lossBefore()).isCloseTo(1.16, within(1e-15));
        assertThat(step.trials())
                .extracting(StepSize.Trial::eta)
                .containsExactly(16.0, 8.0, 4.0, 2.0);
    }

    @Test
    void theSearchGoesOnWhileNothingHasHelpedYet() {
        // overshooting steps, first falling then rising, all above the loss of no step
        StepSize step = StepSize.heldOut(16, eta -> eta == 0 ? 1 : eta > 3 ? 2 + (eta % 3) : 0.9);
        assertThat(step.eta()).isEqualTo(2);
        assertThat(step.lowered()).isTrue();
    }

    @Test
    void whenNothingHelpsTheShortestStepIsTakenAndSaid() {
        StepSize step = StepSize.heldOut(16, eta -> 1 + eta);
        assertThat(step.eta()).isEqualTo(1);
        assertThat(step.lowered()).isFalse();
        assertThat(step.trials()).hasSize(6);
    }

    @Test
    void lossesThatAreNotFiniteNeverWin() {
        StepSize step =
                StepSize.heldOut(1, eta -> eta > 0.6 ? Double.NaN : (eta - 0.25) * (eta - 0.25));
        assertThat(step.eta()).isEqualTo(0.25);
        assertThatThrownBy(() -> StepSize.heldOut(1, eta -> Double.NaN))
                .hasMessageContaining("N-STEP");
    }
}
