package cglora.models.whitening;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.engine.JvmEngine;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.SymmetricEigen;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Roots by products in float32 against those of the eigendecomposition in float64.
class EngineRootTest {
    /// ‖difference‖/‖root‖ for damping down to a hundredth of the mean eigenvalue; the largest seen
    /// is 5e-5.
    private static final double TOLERANCE = 3e-4;

    private static final int KINDS = 6;

    private static double error(Matrix actual, Matrix expected) {
        return actual.minus(expected).frobenius() / expected.frobenius();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 33, 100})
    void equalsTheEigendecompositions(int size) throws UnservedException {
        try (var engine = new JvmEngine(1)) {
            var root = new EngineRoot(engine, size);
            for (int seed = 0; seed < 24; seed++) {
                var random = new Random(seed);
                double scale = Math.pow(10, random.nextInt(20) - 16);
                Matrix F = RandomFactors.factor(size, seed % KINDS, scale, random);
                double damping = scale * Math.pow(10, random.nextInt(4) - 2);
                for (double p : new double[] {0.5, 0.25}) {
                    EngineRoot.Made made = root.compute(F, damping, p);
                    Matrix R =
                            Matrix.of(size, size, engine.read(root.result()))
                                    .scaled(Math.pow(made.scale(), -p));
                    Matrix expected = SymmetricEigen.of(F).power(damping, -p);
                    String what = "seed %d, size %d, p %s, %s".formatted(seed, size, p, made);
                    assertThat(error(R, expected)).as(what).isLessThan(TOLERANCE);
                    assertThat(made.residual()).as(what).isLessThan(EngineRoot.LARGEST_RESIDUAL);
                }
            }
            root.release();
        }
    }

    /// The scaled iteration takes as many steps as the damping asks for, no more.
    @Test
    void knowsItsStepsBeforehand() throws UnservedException {
        try (var engine = new JvmEngine(1)) {
            var root = new EngineRoot(engine, 64);
            Matrix F = RandomFactors.factor(64, 3, 1, new Random(1));
            int[] products = new int[4];
            for (int i = 0; i < products.length; i++) {
                products[i] = root.compute(F, Math.pow(10, 2 - 2 * i), 0.5).products();
            }
            assertThat(products).isSorted();
            assertThat(products[0]).isLessThanOrEqualTo(13);
            assertThat(products[3]).isLessThanOrEqualTo(34);
            assertThat(Arrays.stream(products).distinct()).hasSizeGreaterThan(2);
        }
    }

    @Test
    void refusesWhatFloat32DoesNotReach() {
        try (var engine = new JvmEngine(1)) {
            var root = new EngineRoot(engine, 40);
            Matrix F = RandomFactors.factor(40, 5, 1, new Random(1));
            for (double damping : new double[] {0, 1e-12, 1e-6}) {
                assertThatThrownBy(() -> root.compute(F, damping, 0.5))
                        .isInstanceOf(UnservedException.class)
                        .hasMessageContaining("float32");
            }
            assertThatThrownBy(() -> root.compute(F.scaled(Double.NaN), 1, 0.5))
                    .isInstanceOf(UnservedException.class);
        }
    }
}
