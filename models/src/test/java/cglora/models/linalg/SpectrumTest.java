package cglora.models.linalg;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpectrumTest {
    @Test
    void aRankDeficientFactorOf384HasARootAndNoNotANumber() {
        // rank 4 in 384 dimensions: the solver returns zeros of either sign
        Matrix X = RandomMatrices.gaussian(4, 384, new Random(5));
        Matrix A = X.transposeTimes(X).scaled(1.0 / 4);
        double damping = 1e-6 * A.trace() / 384;
        SymmetricEigen eigen = SymmetricEigen.of(A);
        assertThat(Arrays.stream(eigen.eigenvalues()).min().orElseThrow()).isNotNegative();
        Matrix root = eigen.power(damping, -0.5);
        assertThat(root.isFinite()).isTrue();
        Matrix damped = A.plus(Matrix.identity(384).scaled(damping));
        assertClose(
                "Â^{-1/2} Â Â^{-1/2}", root.times(damped).times(root), Matrix.identity(384), 1e-6);
        // the same root with the bare damping on the complement; the dense form's zeros carry the
        // rounding of the largest eigenvalue, 1e8 times the damping
        assertClose("Gram form", GramEigen.of(X, 4).power(damping, -0.5), root, 1e-7);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 12, 13, 40})
    void theGramFormHasThePowersOfTheFactor(int tokens) {
        var random = new Random(tokens);
        int size = 12;
        Matrix X = RandomMatrices.fading(tokens, size, 0.03, random);
        SymmetricEigen dense = SymmetricEigen.of(X.transposeTimes(X).scaled(1.0 / tokens));
        GramEigen gram = GramEigen.of(X, tokens);
        Matrix Y = RandomMatrices.gaussian(size, 5, random);
        double damping = 1e-2 * X.dot(X) / tokens / size;
        for (double exponent : new double[] {-0.5, -0.25, -1, 0, 0.5}) {
            assertClose(
                    "power " + exponent,
                    gram.power(damping, exponent),
                    dense.power(damping, exponent),
                    1e-11);
            assertClose(
                    "power " + exponent + " applied",
                    gram.applyPower(damping, exponent, Y),
                    dense.power(damping, exponent).times(Y),
                    1e-11);
            assertClose(
                    "power " + exponent + " applied, dense",
                    dense.applyPower(damping, exponent, Y),
                    dense.power(damping, exponent).times(Y),
                    1e-11);
        }
        assertThat(gram.isInvertible(0)).isEqualTo(tokens >= size);
        assertThat(dense.isInvertible(0)).isEqualTo(tokens >= size);
        assertThat(gram.isInvertible(damping)).isTrue();
    }

    @Test
    void aSingularFactorThatWasSummedInFloat32IsStillSingular() {
        Matrix X = RandomMatrices.gaussian(20, 48, new Random(3));
        float[] sums = X.transposeTimes(X).toFloats();
        SymmetricEigen eigen = SymmetricEigen.of(Matrix.of(48, 48, sums));
        assertThat(eigen.isInvertible(0)).isFalse();
        assertThat(eigen.isInvertible(1e-6 * eigen.largest())).isTrue();
    }

    @Test
    void aWideSpectrumOfFullRankKeepsItsAccuracy() {
        // eigenvalues over 8 decades, damping in their midst
        Matrix X = RandomMatrices.fading(157, 40, 1e-4, new Random(7));
        SymmetricEigen dense = SymmetricEigen.of(X.transposeTimes(X).scaled(1.0 / 157));
        double damping = 2e-5 * dense.largest();
        assertClose(
                "Â^{-1/2}",
                GramEigen.of(X, 157).power(damping, -0.5),
                dense.power(damping, -0.5),
                1e-11);
    }

    @Test
    void aFullRankGramFormNeedsNoDamping() {
        Matrix X = RandomMatrices.fading(40, 9, 0.1, new Random(1));
        Matrix A = X.transposeTimes(X).scaled(1.0 / 40);
        assertClose(
                "A^{-1} A", GramEigen.of(X, 40).power(0, -1).times(A), Matrix.identity(9), 1e-10);
    }
}
