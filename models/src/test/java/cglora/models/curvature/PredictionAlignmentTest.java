package cglora.models.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PredictionAlignmentTest {
    @Test
    void aPredictorEqualToTheReferenceIsAtDistanceZero() {
        var random = new Random(1);
        Matrix pretrained = RandomMatrices.gaussian(9, 4, random);
        Matrix reference = RandomMatrices.gaussian(9, 4, random);
        var alignment = PredictionAlignment.of(pretrained, reference, reference);
        assertThat(alignment.relativeDistance()).isZero();
        assertThat(alignment.relativeDistanceH()).isZero();
        assertThat(alignment.kl()).isZero();
        assertThat(alignment.agreement()).isEqualTo(1);
        assertThat(alignment.cosine()).isCloseTo(1, within(1e-14));
    }

    @Test
    void aConstantOnAllLogitsChangesOnlyTheRawDistance() {
        var random = new Random(2);
        Matrix pretrained = RandomMatrices.gaussian(9, 4, random);
        Matrix reference = RandomMatrices.gaussian(9, 4, random);
        Matrix adapted = RandomMatrices.gaussian(9, 4, random);
        double[] shifted = adapted.values().clone();
        for (int i = 0; i < shifted.length; i++) {
            shifted[i] += 50;
        }
        var plain = PredictionAlignment.of(pretrained, reference, adapted);
        var moved = PredictionAlignment.of(pretrained, reference, new Matrix(9, 4, shifted));
        assertThat(moved.relativeDistance()).isCloseTo(plain.relativeDistance(), within(1e-12));
        assertThat(moved.relativeDistanceH()).isCloseTo(plain.relativeDistanceH(), within(1e-12));
        assertThat(moved.kl()).isCloseTo(plain.kl(), within(1e-12));
        assertThat(moved.relativeDistanceRaw()).isGreaterThan(10);
    }

    @Test
    void confidentLogitsHaveAFiniteDivergence() {
        Matrix reference = Matrix.of(new double[] {2000, 0});
        Matrix adapted = Matrix.of(new double[] {0, 2000});
        var alignment = PredictionAlignment.of(Matrix.of(new double[] {0, 1}), reference, adapted);
        assertThat(alignment.kl()).isEqualTo(2000);
    }

    @Test
    void oneOutputIsComparedAsItIs() {
        Matrix pretrained = Matrix.of(new double[] {0}, new double[] {0});
        Matrix reference = Matrix.of(new double[] {3}, new double[] {4});
        Matrix adapted = Matrix.of(new double[] {3}, new double[] {3});
        var alignment = PredictionAlignment.of(pretrained, reference, adapted);
        assertThat(alignment.relativeDistance()).isCloseTo(0.2, within(1e-15));
        assertThat(alignment.relativeDistanceH()).isCloseTo(0.2, within(1e-15));
        assertThat(alignment.kl()).isCloseTo(0.25, within(1e-15));
    }

    @Test
    void refusesLogitsOfDifferentShapes() {
        assertThatThrownBy(
                        () ->
                                PredictionAlignment.of(
                                        Matrix.zero(2, 3), Matrix.zero(2, 3), Matrix.zero(3, 3)))
                .hasMessageContaining("3 × 3");
    }
}
