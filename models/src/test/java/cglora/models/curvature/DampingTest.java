package cglora.models.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DampingTest {
    @Test
    void splitsByType() {
        assertThat(Damping.relative(0.1).split(8, 4, 3, 6)).isEqualTo(new Damping.Split(0.2, 0.05));
        assertThat(Damping.absolute(0.1).split(8, 4, 3, 6)).isEqualTo(new Damping.Split(0.1, 0.1));
        Damping.Split pi = Damping.pi(0.01).split(8, 4, 3, 6); // π = √(2 / ½) = 2
        assertThat(pi.lambdaA()).isCloseTo(0.2, within(1e-15));
        assertThat(pi.lambdaS()).isCloseTo(0.05, within(1e-15));
    }

    @Test
    void refusesNegativeAndUndefinedDamping() {
        assertThatThrownBy(() -> Damping.relative(-1)).hasMessageContaining("O-RANGE");
        assertThatThrownBy(() -> Damping.relative(Double.NaN)).hasMessageContaining("O-RANGE");
        assertThatThrownBy(() -> Damping.pi(1).split(1, 2, 0, 2))
                .hasMessageContaining("N-DAMPING")
                .hasMessageContaining("tr S 0");
    }

    @Test
    void noDampingOnASingularFactorIsRefusedWithItsSmallestEigenvalueInBothForms() {
        var random = new Random(1);
        Matrix X = RandomMatrices.gaussian(3, 8, random);
        Matrix Gamma = RandomMatrices.gaussian(3, 5, random);
        var tokens = new TokenStatistics(X, Gamma, Gamma, new int[] {0, 1, 2}, 3);
        Damping none = Damping.absolute(0);
        for (CurvatureStatistics form :
                new CurvatureStatistics[] {
                    tokens.factored(WeightSharing.EXPAND), tokens.gram(WeightSharing.EXPAND)
                }) {
            assertThatThrownBy(() -> form.whitenedGradientSvd(none, 0.5, 0.5, 2, 1))
                    .hasMessageContaining("N-DAMPING")
                    .hasMessageContaining("input factor A (8 × 8)")
                    .hasMessageContaining("smallest eigenvalue");
            assertThatThrownBy(() -> form.roots(none, 0, 0.5))
                    .hasMessageContaining("output factor S (5 × 5)");
            // an exponent of zero asks nothing of the factor
            assertThat(form.whitenedGradientSvd(none, 0, 0, 2, 1).isZero()).isFalse();
            assertThatThrownBy(() -> form.roots(none, 0.7, 0)).hasMessageContaining("p_a 0.7");
        }
    }
}
