package cglora.models.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import java.util.Arrays;
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
    void allQuantitiesAreTheirDefinitions() {
        var random = new Random(5);
        Matrix pretrained = RandomMatrices.gaussian(7, 3, random);
        Matrix reference = RandomMatrices.gaussian(7, 3, random);
        Matrix adapted = RandomMatrices.gaussian(7, 3, random);
        Matrix centring = Matrix.identity(3).minus(filled(3, 3, 1.0 / 3));
        Matrix gap = adapted.minus(reference);
        Matrix way = reference.minus(pretrained);
        Matrix own = adapted.minus(pretrained);
        double gapH = 0;
        double wayH = 0;
        double kl = 0;
        int agreeing = 0;
        for (int e = 0; e < 7; e++) {
            double[] p0 = softmax(pretrained, e);
            double[] p = softmax(reference, e);
            double[] q = softmax(adapted, e);
            Matrix H = Matrix.zero(3, 3);
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    H.values()[3 * i + j] = (i == j ? p0[i] : 0) - p0[i] * p0[j];
                }
                kl += p[i] * Math.log(p[i] / q[i]) / 7;
            }
            gapH += gap.rows(e, 1).times(H).dot(gap.rows(e, 1));
            wayH += way.rows(e, 1).times(H).dot(way.rows(e, 1));
            agreeing += best(p) == best(q) ? 1 : 0;
        }
        var alignment = PredictionAlignment.of(pretrained, reference, adapted);
        assertThat(alignment.relativeDistance())
                .isCloseTo(
                        gap.times(centring).frobenius() / way.times(centring).frobenius(),
                        within(1e-13));
        assertThat(alignment.relativeDistanceRaw())
                .isCloseTo(gap.frobenius() / way.frobenius(), within(1e-13));
        assertThat(alignment.relativeDistanceH()).isCloseTo(Math.sqrt(gapH / wayH), within(1e-13));
        assertThat(alignment.cosine())
                .isCloseTo(
                        own.times(centring).dot(way.times(centring))
                                / own.times(centring).frobenius()
                                / way.times(centring).frobenius(),
                        within(1e-13));
        assertThat(alignment.kl()).isCloseTo(kl, within(1e-13));
        assertThat(alignment.agreement()).isEqualTo(agreeing / 7.0);
    }

    private static double[] softmax(Matrix logits, int e) {
        double[] p = logits.rows(e, 1).values();
        double sum = Arrays.stream(p).map(Math::exp).sum();
        return Arrays.stream(p).map(z -> Math.exp(z) / sum).toArray();
    }

    private static int best(double[] p) {
        int best = 0;
        for (int c = 1; c < p.length; c++) {
            best = p[c] > p[best] ? c : best;
        }
        return best;
    }

    @Test
    void thePretrainedPredictorIsAtDistanceOneWithoutADirection() {
        var random = new Random(6);
        Matrix pretrained = RandomMatrices.gaussian(9, 4, random);
        Matrix reference = RandomMatrices.gaussian(9, 4, random);
        var alignment = PredictionAlignment.of(pretrained, reference, pretrained);
        assertThat(alignment.relativeDistance()).isCloseTo(1, within(1e-14));
        assertThat(alignment.relativeDistanceH()).isCloseTo(1, within(1e-14));
        assertThat(alignment.cosine()).isNaN();
    }

    @Test
    void aReferenceHasMovedOnlyBeyondRoundingAndConstants() {
        Matrix pretrained = RandomMatrices.gaussian(9, 4, new Random(7));
        Matrix constant = pretrained.plus(filled(9, 4, 3));
        assertThat(PredictionAlignment.hasMoved(pretrained, pretrained)).isFalse();
        assertThat(PredictionAlignment.hasMoved(pretrained, constant)).isFalse();
        assertThat(PredictionAlignment.hasMoved(pretrained, pretrained.scaled(1 + 1e-7))).isFalse();
        assertThat(PredictionAlignment.hasMoved(pretrained, pretrained.scaled(1 + 1e-4))).isTrue();
        assertThat(PredictionAlignment.hasMoved(Matrix.zero(9, 4), pretrained)).isTrue();
    }

    private static Matrix filled(int rows, int columns, double value) {
        double[] values = new double[rows * columns];
        Arrays.fill(values, value);
        return new Matrix(rows, columns, values);
    }

    @Test
    void float32IsWidened() {
        var random = new Random(8);
        float[][][] logits = new float[3][2100][4];
        for (float[][] model : logits) {
            for (float[] row : model) {
                for (int c = 0; c < row.length; c++) {
                    row[c] = (float) random.nextGaussian();
                }
            }
        }
        var wide = Arrays.stream(logits).map(Matrix::of).toList();
        assertThat(PredictionAlignment.of(logits[0], logits[1], logits[2]))
                .isEqualTo(PredictionAlignment.of(wide.get(0), wide.get(1), wide.get(2)));
        assertThat(PredictionAlignment.hasMoved(logits[0], logits[0])).isFalse();
        assertThat(PredictionAlignment.hasMoved(logits[0], logits[1])).isTrue();
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
