package cglora.models.whitening;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.error.CgloraException;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.Damping;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.ThinKfac;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.curvature.WhitenedGradient;
import cglora.models.curvature.WhitenedStart;
import cglora.models.curvature.WhiteningArithmetic;
import cglora.models.curvature.WhiteningArithmetic.Coordinates;
import cglora.models.curvature.WhiteningArithmetic.Step;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.TruncatedSvd;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whitening by an engine's products in float32 against the host's in float64.
class EngineWhiteningTest {
    /// ‖difference‖/‖·‖ of the change of a weight and of training's roots.
    private static final double TOLERANCE = 1e-3;

    private static final String MODULE = "encoder.layer.0.attention.self.query";

    private static Step step(
            CurvatureStatistics s, Damping damping, double pA, double pS, int rank, long seed) {
        return new Step(MODULE, s, damping, pA, pS, rank, seed);
    }

    private static double error(Matrix actual, Matrix expected) {
        return actual.minus(expected).frobenius() / expected.frobenius();
    }

    private static FactoredKfac tokens(int count, int in, int out, Random random) {
        Matrix X = RandomMatrices.fading(count, in, 0.02, random);
        Matrix Gamma = RandomMatrices.fading(count, out, 0.02, random).scaled(1e-4);
        return new TokenStatistics(X, Gamma, Gamma, IntStream.range(0, count).toArray(), count)
                .factored(WeightSharing.EXPAND);
    }

    /// Of small layers all singular vectors are found, so that a gap does not matter for the
    /// product of all components.
    @Test
    void stepsOfSmallLayersEqualTheHosts() {
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            for (int seed = 0; seed < 60; seed++) {
                var random = new Random(seed);
                int in = 1 + random.nextInt(40);
                int out = 1 + random.nextInt(40);
                FactoredKfac layer = tokens(1 + random.nextInt(60), in, out, random);
                double[] exponents = {0, 0.25, 0.5};
                double pA = exponents[random.nextInt(3)];
                double pS = exponents[random.nextInt(3)];
                Damping damping =
                        random.nextBoolean()
                                ? Damping.relative(Math.pow(10, random.nextInt(3) - 1))
                                : Damping.pi(layer.traceA() / in * layer.traceS() / out);
                int rank = Math.min(in, out);
                Step step = step(layer, damping, pA, pS, rank, seed);
                String what = "seed %d: %s".formatted(seed, step);
                WhitenedGradient expected = WhiteningArithmetic.HOST.gradient(step);
                WhitenedGradient actual = products.gradient(step);
                assertThat(error(actual.product(1), expected.product(1)))
                        .as(what)
                        .isLessThan(TOLERANCE);
                assertThat(actual.svd().singularValues()[0])
                        .as(what)
                        .isCloseTo(
                                expected.svd().singularValues()[0],
                                within(TOLERANCE * expected.svd().singularValues()[0]));
            }
            assertThat(products.report().left()).isEmpty();
            assertThat(products.report().layers()).isEqualTo(60);
        }
    }

    /// In layers that need the randomised range finder the leading subspaces are those of the host
    /// where the spectrum has a gap behind them; what they span, and the product of the factors,
    /// not their signs.
    @ParameterizedTest
    @CsvSource({"140, 200, 1, 4, 0.5", "200, 140, 0.1, 8, 0.5", "150, 150, 1, 3, 0.25"})
    void leadingSubspacesEqualTheHosts(int in, int out, double lambda, int rank, double p) {
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            for (int seed = 0; seed < 4; seed++) {
                FactoredKfac layer =
                        RandomFactors.withGap(out, in, rank, 0.3, lambda, new Random(seed));
                Step step = step(layer, Damping.relative(lambda), p, p, rank, seed);
                WhitenedGradient expected = WhiteningArithmetic.HOST.gradient(step);
                WhitenedGradient actual = products.gradient(step);
                double[] values = expected.svd().singularValues();
                TruncatedSvd more =
                        layer.whitenedGradientSvd(Damping.relative(lambda), p, p, rank + 1, seed)
                                .svd();
                if (p == 0.5) {
                    assertThat(more.singularValues()[rank])
                            .as("a gap")
                            .isLessThan(0.7 * values[rank - 1]);
                    assertThat(sine(actual.svd().U(), expected.svd().U())).isLessThan(2e-3);
                    assertThat(sine(actual.svd().V(), expected.svd().V())).isLessThan(2e-3);
                    assertThat(error(actual.product(1), expected.product(1))).isLessThan(2e-3);
                }
                for (int i = 0; i < rank; i++) {
                    assertThat(actual.svd().singularValues()[i])
                            .isCloseTo(values[i], within(TOLERANCE * values[i]));
                }
            }
        }
    }

    /// Gradients of many examples have flat spectra: the eighth singular value is nine tenths of
    /// the first, and the ninth follows it closely.
    @ParameterizedTest
    @CsvSource({"150, 260, 0.5", "300, 140, 0.5", "200, 200, 0"})
    void flatSpectraAreFoundAsByTheHost(int in, int out, double p) {
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            var random = new Random(in);
            var layer =
                    new FactoredKfac(
                            RandomFactors.factor(in, 4, 1, random),
                            RandomFactors.factor(out, 4, 1, random),
                            RandomMatrices.gaussian(out, in, random));
            Step step = step(layer, Damping.relative(1), p, p, 8, 1);
            WhitenedGradient expected = WhiteningArithmetic.HOST.gradient(step);
            WhitenedGradient actual = products.gradient(step);
            double[] values = expected.svd().singularValues();
            assertThat(values[7]).isGreaterThan(0.85 * values[0]);
            for (int i = 0; i < 8; i++) {
                assertThat(actual.svd().singularValues()[i])
                        .isCloseTo(values[i], within(1e-5 * values[0]));
            }
            assertThat(error(actual.product(1), expected.product(1))).isLessThan(1e-2);
        }
    }

    /// The sine of the largest angle between two spans of orthonormal columns.
    private static double sine(Matrix U, Matrix V) {
        Matrix rest = U.minus(V.times(V.transposeTimes(U)));
        return TruncatedSvd.exact(rest).singularValues()[0];
    }

    /// Roots and factors of training, and their product with the roots: the step.
    @Test
    void startsInWhitenedCoordinatesEqualTheHosts() {
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            for (int seed = 0; seed < 30; seed++) {
                var random = new Random(seed);
                int in = 2 + random.nextInt(30);
                int out = 2 + random.nextInt(30);
                FactoredKfac layer = tokens(1 + random.nextInt(40), in, out, random);
                double p = random.nextBoolean() ? 0.5 : 0.25;
                double qA = random.nextBoolean() ? p : 0;
                double qS = random.nextBoolean() ? p : 0;
                Step step = step(layer, Damping.relative(1), p, p, Math.min(in, out), seed);
                var coordinates = new Coordinates(qA, qS, 0, 2.5, 0.3);
                WhitenedStart expected =
                        WhiteningArithmetic.HOST.start(step, coordinates).orElseThrow();
                WhitenedStart actual = products.start(step, coordinates).orElseThrow();
                String what = "seed %d q_a %s q_s %s %s".formatted(seed, qA, qS, step);
                assertThat(error(root(actual.input(), in), root(expected.input(), in)))
                        .as(what)
                        .isLessThan(TOLERANCE);
                assertThat(error(root(actual.output(), out), root(expected.output(), out)))
                        .as(what)
                        .isLessThan(TOLERANCE);
                assertThat(error(change(actual, in, out), change(expected, in, out)))
                        .as(what)
                        .isLessThan(TOLERANCE);
                assertThat(error(change(actual, in, out), expected.gradient().product(0.3 / 2.5)))
                        .as(what + ": the step")
                        .isLessThan(TOLERANCE);
            }
            assertThat(products.report().left()).isEmpty();
        }
    }

    private static Matrix root(WhitenedStart.Root root, int size) {
        assertThat(root.scale()).isEqualTo(1f);
        return Matrix.of(size, size, root.values());
    }

    private static Matrix change(WhitenedStart start, int in, int out) {
        return root(start.output(), out)
                .times(start.factors().B())
                .times(start.factors().A())
                .times(root(start.input(), in));
    }

    /// What products do not serve is the host's to the bit, and named.
    @Test
    void whatItDoesNotServeIsTheHostsAndNamed() {
        var random = new Random(4);
        FactoredKfac layer = tokens(9, 20, 14, random);
        Damping one = Damping.relative(1);
        var half = new Coordinates(0.5, 0.5, 0, 2, 1);
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            Step odd = step(layer, one, 0.5, 0.3, 3, 1);
            assertThat(products.gradient(odd).product(1))
                    .isEqualTo(WhiteningArithmetic.HOST.gradient(odd).product(1));
            Step small = step(layer, Damping.relative(1e-9), 0.5, 0.5, 3, 1);
            assertThat(products.gradient(small).product(1))
                    .isEqualTo(WhiteningArithmetic.HOST.gradient(small).product(1));
            Step usual = step(layer, one, 0.5, 0.5, 3, 1);
            var leading = new Coordinates(0.5, 0.5, 4, 2, 1);
            assertThat(products.start(usual, leading).orElseThrow().factors())
                    .isEqualTo(
                            WhiteningArithmetic.HOST.start(usual, leading).orElseThrow().factors());
            var other = new Coordinates(0.25, 0.5, 0, 2, 1);
            assertThat(products.start(usual, other).orElseThrow().factors())
                    .isEqualTo(
                            WhiteningArithmetic.HOST.start(usual, other).orElseThrow().factors());
            CurvatureStatistics gram =
                    new TokenStatistics(
                                    RandomMatrices.gaussian(5, 20, random),
                                    RandomMatrices.gaussian(5, 14, random),
                                    RandomMatrices.gaussian(5, 14, random),
                                    new int[] {0, 1, 2, 3, 4},
                                    5)
                            .gram(WeightSharing.EXPAND);
            assertThat(products.start(step(gram, one, 0.5, 0.5, 3, 1), half)).isPresent();
            assertThat(products.report().left()).hasSize(5);
            assertThat(products.report().left().values())
                    .allSatisfy(modules -> assertThat(modules).containsExactly(MODULE));
            assertThat(products.report().left().keySet())
                    .anyMatch(reason -> reason.contains("exponent 0.3"))
                    .anyMatch(reason -> reason.contains("less than 1e-06 of the largest"))
                    .anyMatch(reason -> reason.contains("leading eigenvectors"))
                    .anyMatch(reason -> reason.contains("exponent 0.25 for a step of exponent 0.5"))
                    .anyMatch(reason -> reason.contains("tokens are no factors"));
            assertThat(products.report().layers()).isZero();
        }
    }

    /// A singular factor without damping is refused as by the host; a zero gradient is zero; one
    /// token makes one component.
    @Test
    void degenerateLayersEndAsOnTheHost() {
        var random = new Random(6);
        FactoredKfac one = tokens(1, 12, 9, random);
        var zero = new FactoredKfac(one.A(), one.S(), one.G().scaled(0));
        Damping usual = Damping.relative(1);
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            Step singular = step(one, Damping.absolute(0), 0.5, 0.5, 2, 1);
            assertThatThrownBy(() -> WhiteningArithmetic.HOST.gradient(singular))
                    .isInstanceOf(CgloraException.class)
                    .hasMessageContaining("singular");
            assertThatThrownBy(() -> products.gradient(singular))
                    .isInstanceOf(CgloraException.class)
                    .hasMessageContaining("singular");
            Step none = step(zero, usual, 0.5, 0.5, 2, 1);
            assertThat(products.gradient(none).isZero()).isTrue();
            assertThat(products.start(none, new Coordinates(0.5, 0.5, 0, 2, 1))).isEmpty();
            Step single = step(one, usual, 0.5, 0.5, 4, 1);
            WhitenedGradient gradient = products.gradient(single);
            assertThat(gradient.svd().singularValues()[0]).isPositive();
            assertThat(gradient.svd().singularValues()).endsWith(0, 0, 0);
            assertThat(
                            error(
                                    gradient.product(1),
                                    WhiteningArithmetic.HOST.gradient(single).product(1)))
                    .isLessThan(TOLERANCE);
            assertThat(gradient.balanced(2, 1).A().isFinite()).isTrue();
        }
    }

    /// Of sketches the gradient's products are the engine's, the thin roots the host's: any
    /// exponent, any kind of root.
    @ParameterizedTest
    @CsvSource({"0.5, 0.5, 0", "0.3, 0.5, 0", "0.5, 0, 6"})
    void sketchesAreServed(double p, double q, int rootRank) {
        var random = new Random(12);
        for (int[] sides : new int[][] {{20, 31}, {150, 170}}) {
            int in = sides[0];
            int out = sides[1];
            FactoredKfac f = tokens(9, in, out, random);
            Matrix Omega = RandomMatrices.gaussian(in, 12, random);
            Matrix Psi = RandomMatrices.gaussian(out, 12, random);
            var sketch =
                    new SketchedKfac(
                            f.A().times(Omega),
                            f.S().times(Psi),
                            f.G(),
                            f.traceA(),
                            f.traceS(),
                            Omega,
                            Psi);
            Step step = step(sketch, Damping.relative(1), p, p, 9, 3);
            var coordinates = new Coordinates(q, q, rootRank, 2, 0.5);
            try (var engine = new JvmEngine(1);
                    var products = new EngineWhitening(engine)) {
                Matrix expected = WhiteningArithmetic.HOST.gradient(step).product(1);
                assertThat(error(products.gradient(step).product(1), expected))
                        .isLessThan(TOLERANCE);
                WhitenedStart start = products.start(step, coordinates).orElseThrow();
                assertThat(error(start.gradient().product(1), expected)).isLessThan(TOLERANCE);
                assertThat(start.input().values())
                        .isEqualTo(
                                WhiteningArithmetic.HOST
                                        .start(step, coordinates)
                                        .orElseThrow()
                                        .input()
                                        .values());
                assertThat(products.report().layers()).isEqualTo(2);
                assertThat(products.report().roots()).isZero();
                assertThat(products.report().left()).isEmpty();
            }
        }
    }

    /// Of thin statistics nothing is large: the host makes all of it, and no layer counts as left.
    @Test
    void thinStatisticsAreServed() {
        var random = new Random(14);
        FactoredKfac f = tokens(9, 20, 31, random);
        Matrix Omega = RandomMatrices.gaussian(20, 12, random);
        Matrix Psi = RandomMatrices.gaussian(31, 12, random);
        TruncatedSvd G = TruncatedSvd.exact(f.G());
        var thin =
                new ThinKfac(
                        f.A().times(Omega),
                        f.S().times(Psi),
                        G.U().scaledColumns(G.singularValues()),
                        G.V(),
                        f.traceA(),
                        f.traceS(),
                        Omega,
                        Psi);
        Step step = step(thin, Damping.relative(1), 0.5, 0.5, 4, 3);
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            Matrix expected = WhiteningArithmetic.HOST.gradient(step).product(1);
            assertThat(products.gradient(step).product(1)).isEqualTo(expected);
            WhitenedStart start =
                    products.start(step, new Coordinates(0.5, 0.5, 0, 2, 0.5)).orElseThrow();
            assertThat(start.gradient().product(1)).isEqualTo(expected);
            assertThat(products.report().layers()).isEqualTo(2);
            assertThat(products.report().left()).isEmpty();
        }
    }

    /// Layers with one input, one after the other, as queries, keys and values are.
    @Test
    void layersWithOneInputShareItsRoot() {
        var random = new Random(8);
        FactoredKfac query = tokens(30, 16, 16, random);
        FactoredKfac key = tokens(30, 16, 16, random);
        var sameInput = new FactoredKfac(query.A().copy(), key.S(), key.G());
        Damping damping = Damping.relative(1);
        try (var engine = new JvmEngine(1);
                var products = new EngineWhitening(engine)) {
            for (FactoredKfac layer : new FactoredKfac[] {query, sameInput, key}) {
                Step step = step(layer, damping, 0.5, 0.5, 16, 1);
                assertThat(
                                error(
                                        products.gradient(step).product(1),
                                        WhiteningArithmetic.HOST.gradient(step).product(1)))
                        .isLessThan(TOLERANCE);
            }
            assertThat(products.report().roots()).isEqualTo(5);
        }
    }

    /// A plan counts what a start takes: twice the layers of one shape take no more.
    @Test
    void memoryIsThatOfTheShapes() {
        var engine = new NullEngine();
        var planned = new EngineWhitening(engine);
        planned.plan(384, 384, 8, 0.5, 0.5);
        long square = engine.plannedBytes();
        planned.plan(384, 384, 8, 0.5, 0.5);
        assertThat(engine.plannedBytes()).isEqualTo(square);
        long matrix = 384L * 384 * Float.BYTES;
        // factor, root and inverse root; two roots and two gradients; three products of a step
        assertThat(square).isBetween(10 * matrix, 11 * matrix);
        planned.close();
        assertThat(engine.plannedBytes()).isLessThan(square - 6 * matrix);
    }
}
