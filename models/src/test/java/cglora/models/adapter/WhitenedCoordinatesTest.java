package cglora.models.adapter;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.CgLoraInitializer.Form;
import cglora.models.adapter.CgLoraInitializer.Scale;
import cglora.models.block.Whitening;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.Damping;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SymmetricEigen;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Roots of leading eigenvectors, and roots of exponents that are not the step's, over random
/// layers with more and with fewer tokens than dimensions.
class WhitenedCoordinatesTest {
    private static final String MODULE = "encoder.layer.0.attention.self.query";

    private record Case(
            int in,
            int out,
            int rank,
            TokenStatistics tokens,
            Damping damping,
            double pA,
            double pS) {
        static Case of(int seed) {
            var random = new Random(seed);
            int in = 2 + random.nextInt(14);
            int out = 2 + random.nextInt(14);
            int count = 3 + random.nextInt(30);
            Matrix X = RandomMatrices.fading(count, in, 0.05, random);
            Matrix Gamma = RandomMatrices.fading(count, out, 0.05, random).scaled(0.01);
            return new Case(
                    in,
                    out,
                    1 + random.nextInt(Math.min(in, out)),
                    new TokenStatistics(
                            X, Gamma, Gamma, IntStream.range(0, count).toArray(), count),
                    Damping.relative(Math.pow(10, 1 - 2 * random.nextDouble())),
                    random.nextInt(3) * 0.25,
                    random.nextInt(3) * 0.25);
        }

        LayerShape shape() {
            return new LayerShape(in, out, rank, 2.5f);
        }

        CurvatureStatistics statistics(Form form) {
            return switch (form) {
                case FACTORED -> tokens.factored(WeightSharing.EXPAND);
                case TOKENS -> tokens.gram(WeightSharing.EXPAND);
            };
        }

        WhitenedCoordinates start(Form form, Whitening whitening) {
            var initializer =
                    new CgLoraInitializer(damping, pA, pS, form, false, Scale.BALANCED, 0.3);
            var layer = LayerStatistics.of(MODULE, statistics(form));
            return WhitenedCoordinates.of(initializer, whitening, shape(), layer, 1);
        }

        Matrix step() {
            return statistics(Form.FACTORED)
                    .whitenedGradientSvd(damping, pA, pS, rank, 1)
                    .product(0.3);
        }

        Matrix product(WhitenedCoordinates start) {
            LoraFactors factors = start.toLoraFactors(shape());
            return Matrix.of(out, rank, factors.loraB())
                    .times(Matrix.of(rank, in, factors.loraA()))
                    .scaled(2.5);
        }
    }

    /// `L` of a side as a matrix.
    private static Matrix root(Whitening whitening, float scale, float[] values, int size) {
        Matrix kept = Matrix.of(size, whitening.columns(size), values);
        return whitening.rank() == 0
                ? kept
                : Matrix.identity(size).scaled(scale).minus(kept.timesTransposed(kept));
    }

    private static Matrix inputRoot(Case c, WhitenedCoordinates start) {
        return root(start.whitening(), start.whitening().inputScale(), start.inputRoot(), c.in());
    }

    private static Matrix outputRoot(Case c, WhitenedCoordinates start) {
        return root(
                start.whitening(), start.whitening().outputScale(), start.outputRoot(), c.out());
    }

    /// Whatever the roots, training starts at the step.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 100})
    void everyRootStartsAtTheStepWithBalancedComponents(int rank) {
        for (int seed = 0; seed < 40; seed++) {
            Case c = Case.of(seed);
            for (Form form : Form.values()) {
                for (double q : new double[] {0, 0.25, 0.5}) {
                    String what = "seed %d %s q %s".formatted(seed, form, q);
                    WhitenedCoordinates start = c.start(form, new Whitening(rank, q, 0.5 - q));
                    assertClose(what, c.product(start), c.step(), 1e-4);
                    assertClose(
                            what + ": norms",
                            Matrix.of(c.out(), c.rank(), start.factors().loraB()).columnNorms(),
                            Matrix.of(c.rank(), c.in(), start.factors().loraA())
                                    .transpose()
                                    .columnNorms(),
                            1e-5);
                    assertThat(inputRoot(c, start).trace())
                            .as(what)
                            .isCloseTo(c.in(), within(1e-4 * c.in()));
                    assertThat(outputRoot(c, start).trace())
                            .as(what)
                            .isCloseTo(c.out(), within(1e-4 * c.out()));
                }
            }
        }
    }

    @Test
    void allEigenvectorsAreTheWholeRoot() {
        for (int seed = 0; seed < 40; seed++) {
            Case c = Case.of(seed);
            for (Form form : Form.values()) {
                WhitenedCoordinates whole = c.start(form, Whitening.WHOLE);
                WhitenedCoordinates leading = c.start(form, new Whitening(100, 0.5, 0.5));
                String what = "seed " + seed + " " + form;
                assertClose(what, inputRoot(c, leading), inputRoot(c, whole), 1e-5);
                assertClose(what, outputRoot(c, leading), outputRoot(c, whole), 1e-5);
                // the signs of singular vectors are free
                Matrix B = Matrix.of(c.out(), c.rank(), whole.factors().loraB());
                Matrix A = Matrix.of(c.rank(), c.in(), whole.factors().loraA());
                Matrix otherB = Matrix.of(c.out(), c.rank(), leading.factors().loraB());
                Matrix otherA = Matrix.of(c.rank(), c.in(), leading.factors().loraA());
                assertClose(what, otherB.times(otherA), B.times(A), 1e-4);
            }
        }
    }

    /// Against the definition: leading eigenvalues as they are, the others at their mean.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void theComplementHasTheMeanOfItsEigenvalues(int k) {
        for (int seed = 0; seed < 40; seed++) {
            Case c = Case.of(seed);
            FactoredKfac factors = c.tokens().factored(WeightSharing.EXPAND);
            SymmetricEigen eigen = SymmetricEigen.of(factors.A());
            double damping =
                    c.damping()
                            .split(factors.traceA(), c.in(), factors.traceS(), c.out())
                            .lambdaA();
            int kept = Math.min(k, c.in());
            double[] values = eigen.eigenvalues();
            double mean = 0;
            for (int i = 0; i < c.in() - kept; i++) {
                mean += values[i] / (c.in() - kept);
            }
            double trace = 0;
            for (int i = 0; i < c.in(); i++) {
                values[i] = 1 / Math.sqrt((i < c.in() - kept ? mean : values[i]) + damping);
                trace += values[i] / c.in();
            }
            Matrix expected =
                    eigen.vectors()
                            .scaledColumns(values)
                            .timesTransposed(eigen.vectors())
                            .scaled(1 / trace);
            for (Form form : Form.values()) {
                WhitenedCoordinates start = c.start(form, new Whitening(k, 0.5, 0.5));
                assertThat(start.inputRoot()).hasSize(c.in() * kept);
                assertClose("seed " + seed + " " + form, inputRoot(c, start), expected, 1e-5);
            }
        }
    }
}
