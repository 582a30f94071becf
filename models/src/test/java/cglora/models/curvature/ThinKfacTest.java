package cglora.models.curvature;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SketchedMatrix;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThinKfacTest {
    private static FactoredKfac factored(int tokens, int in, int out, Random random) {
        Matrix X = RandomMatrices.fading(tokens, in, 0.1, random);
        Matrix Gamma = RandomMatrices.fading(tokens, out, 0.1, random);
        return new TokenStatistics(X, Gamma, Gamma, new int[tokens], 1)
                .factored(WeightSharing.EXPAND);
    }

    private static ThinKfac thin(FactoredKfac f, int k, int l, Random random) {
        Matrix Omega = RandomMatrices.gaussian(f.in(), k, random);
        Matrix Psi = RandomMatrices.gaussian(f.out(), l, random);
        SketchedMatrix gradient =
                SketchedMatrix.of(f.G().times(Omega), f.G().transposeTimes(Psi), Psi);
        return new ThinKfac(
                f.A().times(Omega),
                f.S().times(Psi),
                gradient.left(),
                gradient.right(),
                f.traceA(),
                f.traceS(),
                Omega,
                Psi);
    }

    /// Random shapes, exponents and ranks: as many tokens as columns leave nothing to be missed.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void withEnoughColumnsItIsTheFactoredForm(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 25; i++) {
            int tokens = 1 + random.nextInt(6);
            int in = 16 + random.nextInt(20);
            int out = 16 + random.nextInt(20);
            double pA = random.nextInt(3) * 0.25;
            double pS = random.nextInt(3) * 0.25;
            FactoredKfac exact = factored(tokens, in, out, random);
            ThinKfac thin = thin(exact, 8, 16, random);
            Damping damping = Damping.relative(1);
            String of = "%d tokens, %d × %d, (%s, %s)".formatted(tokens, out, in, pS, pA);
            assertClose(
                    "M of " + of,
                    thin.whitenedGradient(damping, pA, pS),
                    exact.whitenedGradient(damping, pA, pS),
                    1e-5);
            assertClose(
                    "ΔW of " + of,
                    thin.whitenedGradientSvd(damping, pA, pS, tokens, 1).product(1),
                    exact.whitenedGradientSvd(damping, pA, pS, tokens, 1).product(1),
                    1e-4);
        }
    }

    /// Singular triplets of the approximation are those of its product.
    @Test
    void theStepIsThatOfTheWhitenedGradient() {
        var random = new Random(4);
        ThinKfac thin = thin(factored(60, 30, 25, random), 7, 14, random);
        Damping damping = Damping.relative(0.5);
        WhitenedGradient gradient = thin.whitenedGradientSvd(damping, 0.5, 0.5, 7, 1);
        assertClose(
                "U Σ Vᵀ", gradient.svd().product(), thin.whitenedGradient(damping, 0.5, 0.5), 1e-8);
        OperatorRoots roots = thin.roots(damping, 0.5, 0.5);
        assertClose("Ŝ^{-½} U", gradient.output(), roots.applyOutput(gradient.svd().U()), 1e-12);
        // a rank above the columns has components of nothing
        assertThat(thin.whitenedGradientSvd(damping, 0.5, 0.5, 9, 1).svd().singularValues()[8])
                .isZero();
    }

    @Test
    void zeroAndNonFiniteSketchesAreSeen() {
        FactoredKfac f = factored(5, 12, 10, new Random(1));
        ThinKfac usable = thin(f, 4, 8, new Random(2));
        assertThat(usable.isFinite()).isTrue();
        assertThat(usable.isZeroGradient()).isFalse();
        var zero = new FactoredKfac(f.A(), f.S(), f.G().scaled(0));
        assertThat(thin(zero, 4, 8, new Random(2)).isZeroGradient()).isTrue();
        var broken =
                new ThinKfac(
                        usable.AOmega(),
                        usable.SPsi(),
                        usable.left().scaled(Double.NaN),
                        usable.right(),
                        1,
                        1,
                        usable.Omega(),
                        usable.Psi());
        assertThat(broken.isFinite()).isFalse();
    }

    @Test
    void sketchesThatDoNotFitAreRefused() {
        FactoredKfac f = factored(5, 12, 10, new Random(1));
        ThinKfac t = thin(f, 4, 8, new Random(2));
        assertThatThrownBy(
                        () ->
                                new ThinKfac(
                                        t.AOmega(),
                                        t.SPsi(),
                                        t.right(),
                                        t.left(),
                                        1,
                                        1,
                                        t.Omega(),
                                        t.Psi()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("left is 12 × 4, expected 10 × 4");
    }
}
