package cglora.models.curvature;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SymmetricEigen;
import cglora.models.linalg.TruncatedSvd;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The identities that the method's linear algebra has to hold, on seeded random layers.
class IdentitiesTest {
    private static final Damping NONE = Damping.absolute(0);

    /// Tokens with correlated inputs and gradients; `S` from other labels than `G` when
    /// `sampled`.
    private static TokenStatistics tokens(
            int in, int out, int examples, int perExample, boolean sampled, Random random) {
        int tokens = examples * perExample;
        Matrix X = RandomMatrices.fading(tokens, in, 0.05, random);
        Matrix Gamma = RandomMatrices.fading(tokens, out, 0.1, random).scaled(0.02);
        Matrix curvature =
                sampled
                        ? Gamma.plus(RandomMatrices.gaussian(tokens, out, random).scaled(0.01))
                        : Gamma;
        int[] example = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            example[i] = i / perExample;
        }
        return new TokenStatistics(X, Gamma, curvature, example, examples);
    }

    /// A well-conditioned layer with independent `A`, `S`, `G`.
    private static FactoredKfac layer(int in, int out, Random random) {
        Matrix X = RandomMatrices.fading(3 * in, in, 0.1, random);
        Matrix Y = RandomMatrices.fading(3 * out, out, 0.1, random);
        return new FactoredKfac(
                X.transposeTimes(X),
                Y.transposeTimes(Y),
                RandomMatrices.fading(out, in, 0.1, random));
    }

    static Stream<Arguments> formCases() {
        return Stream.of(
                        new int[] {12, 9, 2, 2},
                        new int[] {7, 12, 5, 2},
                        new int[] {10, 8, 20, 3},
                        new int[] {24, 20, 40, 2},
                        new int[] {30, 150, 20, 5},
                        new int[] {140, 135, 40, 4},
                        new int[] {1, 5, 3, 1})
                .flatMap(
                        size ->
                                Stream.of(true, false)
                                        .map(
                                                s ->
                                                        Arguments.of(
                                                                size[0], size[1], size[2], size[3],
                                                                s)));
    }

    /// Identity 1.
    @ParameterizedTest
    @MethodSource("formCases")
    void factoredAndImplicitFormsAgree(
            int in, int out, int examples, int perExample, boolean sampled) {
        var random = new Random(in * 100L + out);
        TokenStatistics tokens = tokens(in, out, examples, perExample, sampled, random);
        int rank = Math.min(3, Math.min(in, out));
        for (WeightSharing sharing : WeightSharing.values()) {
            FactoredKfac factored = tokens.factored(sharing);
            TokenGram gram = tokens.gram(sharing);
            assertThat(gram.traceA()).isCloseTo(factored.traceA(), within(1e-12 * gram.traceA()));
            assertThat(gram.traceS()).isCloseTo(factored.traceS(), within(1e-12 * gram.traceS()));
            for (Damping damping :
                    List.of(Damping.relative(1), Damping.relative(0.01), Damping.pi(1e-3))) {
                for (double pA : new double[] {0, 0.25, 0.5}) {
                    for (double pS : new double[] {0, 0.25, 0.5}) {
                        String what = "%s %s p_a %s p_s %s".formatted(sharing, damping, pA, pS);
                        assertClose(
                                what + ": M",
                                gram.whitenedGradient(damping, pA, pS),
                                factored.whitenedGradient(damping, pA, pS),
                                1e-11);
                        assertClose(
                                what + ": ΔW",
                                gram.whitenedGradientSvd(damping, pA, pS, rank, 1).product(1),
                                factored.whitenedGradientSvd(damping, pA, pS, rank, 1).product(1),
                                1e-11);
                    }
                }
            }
        }
    }

    /// Identity 2, first half.
    @Test
    void exponentsOfZeroGiveGradientSvd() {
        FactoredKfac layer = layer(9, 11, new Random(2));
        assertClose(
                "ΔW",
                layer.whitenedGradientSvd(Damping.relative(0.1), 0, 0, 3, 1).product(0.5),
                leading(layer.G(), 3).scaled(-0.5),
                1e-12);
    }

    /// Identity 2, second half.
    @Test
    void muchDampingTendsToGradientSvdDividedByTheTraces() {
        FactoredKfac layer = layer(9, 11, new Random(3));
        double lambda = 1e9;
        double length = (9 / layer.traceA()) * (11 / layer.traceS()) / (lambda * lambda);
        assertClose(
                "ΔW",
                layer.whitenedGradientSvd(Damping.relative(lambda), 0.5, 0.5, 3, 1).product(1),
                leading(layer.G(), 3).scaled(-length),
                1e-6);
    }

    /// Identity 3.
    @Test
    void aFullRankStepSolvesLinearLeastSquaresWithTheCurvatureOfTheSquaredLoss() {
        var random = new Random(4);
        int in = 6;
        int out = 5;
        int examples = 60;
        Matrix X = RandomMatrices.fading(examples, in, 0.1, random);
        Matrix W = RandomMatrices.gaussian(out, in, random);
        Matrix targets = RandomMatrices.gaussian(examples, out, random);
        Matrix residuals = X.timesTransposed(W).minus(targets); // ∂ ½‖Wx − t‖² / ∂y
        int[] example = new int[examples];
        for (int i = 0; i < examples; i++) {
            example[i] = i;
        }
        // exact curvature: ΓᵀΓ/n = I
        Matrix exact =
                TruncatedSvd.exact(RandomMatrices.gaussian(examples, out, random))
                        .U()
                        .scaled(Math.sqrt(examples));
        Matrix XX = X.transposeTimes(X);
        Matrix solution =
                SymmetricEigen.of(XX).applyPower(0, -1, X.transposeTimes(targets)).transpose();
        for (WeightSharing sharing : WeightSharing.values()) {
            var statistics = new TokenStatistics(X, residuals, exact, example, examples);
            for (CurvatureStatistics form :
                    List.of(statistics.factored(sharing), statistics.gram(sharing))) {
                Matrix step = form.whitenedGradientSvd(NONE, 0.5, 0.5, out, 1).product(1);
                assertClose("W + ΔW", W.plus(step), solution, 1e-10);
            }
        }
        var empirical = new TokenStatistics(X, residuals, residuals, example, examples);
        Matrix step =
                empirical
                        .factored(WeightSharing.EXPAND)
                        .whitenedGradientSvd(NONE, 0.5, 0.5, out, 1)
                        .product(1);
        assertThat(W.plus(step).minus(solution).frobenius())
                .isGreaterThan(0.05 * solution.frobenius());
    }

    /// Identity 4, input side: `x ← T x`, `W ← W T⁻¹`.
    @ParameterizedTest
    @CsvSource({
        "0.5, 0.5, true",
        "0.5, 0, true",
        "0.5, 0.25, true",
        "0.25, 0.25, false",
        "0, 0, false"
    })
    void changesOfInputCoordinatesLeavePredictionsOnlyForFullInputWhitening(
            double pA, double pS, boolean invariant) {
        var random = new Random(5);
        FactoredKfac layer = layer(7, 6, random);
        Matrix T = RandomMatrices.gaussian(7, 7, random);
        // A ← T A Tᵀ, G ← G Tᵀ; ΔW ← ΔW T⁻¹ is to be shown, i.e. ΔW' T = ΔW
        var mapped =
                new FactoredKfac(
                        T.times(layer.A()).timesTransposed(T),
                        layer.S(),
                        layer.G().timesTransposed(T));
        Damping damping = Damping.relative(1e-12);
        Matrix expected = layer.whitenedGradientSvd(damping, pA, pS, 2, 1).product(1);
        Matrix actual = mapped.whitenedGradientSvd(damping, pA, pS, 2, 1).product(1).times(T);
        assertInvariance(actual, expected, invariant);
    }

    /// Identity 4, output side: an invertible map after the layer, `y ← T y`.
    @ParameterizedTest
    @CsvSource({
        "0.5, 0.5, true",
        "0, 0.5, true",
        "0.25, 0.5, true",
        "0.25, 0.25, false",
        "0, 0, false"
    })
    void changesOfOutputCoordinatesLeavePredictionsOnlyForFullOutputWhitening(
            double pA, double pS, boolean invariant) {
        var random = new Random(6);
        FactoredKfac layer = layer(7, 6, random);
        Matrix T = RandomMatrices.gaussian(6, 6, random);
        // gradients g ← Tᵀ g where the layer's output is followed by T
        var mapped =
                new FactoredKfac(
                        layer.A(),
                        T.transposeTimes(layer.S()).times(T),
                        T.transposeTimes(layer.G()));
        Damping damping = Damping.relative(1e-12);
        Matrix expected = layer.whitenedGradientSvd(damping, pA, pS, 2, 1).product(1);
        Matrix actual = T.times(mapped.whitenedGradientSvd(damping, pA, pS, 2, 1).product(1));
        assertInvariance(actual, expected, invariant);
    }

    private static void assertInvariance(Matrix actual, Matrix expected, boolean invariant) {
        if (invariant) {
            assertClose("ΔW", actual, expected, 1e-7);
        } else {
            assertThat(actual.minus(expected).frobenius())
                    .isGreaterThan(0.05 * expected.frobenius());
        }
    }

    /// Identity 5: undamped, at the best length, nothing of the same rank lowers the quadratic
    /// `⟨G, D⟩ + ½ ⟨D, S D A⟩` further.
    @Test
    void onAQuadraticNoRivalStepOfTheSameRankFallsFurther() {
        int cases = 0;
        for (int seed = 0; seed < 60; seed++) {
            var random = new Random(seed);
            int in = 2 + random.nextInt(9);
            int out = 2 + random.nextInt(9);
            FactoredKfac layer = layer(in, out, random);
            for (int rank = 1; rank <= Math.min(in, out); rank++) {
                WhitenedGradient whitened = layer.whitenedGradientSvd(NONE, 0.5, 0.5, rank, seed);
                double fall = bestFall(layer, whitened.product(1));
                double predicted = 0;
                for (double value : whitened.svd().singularValues()) {
                    predicted += value * value / 2;
                }
                String what = "seed %d, %d × %d, rank %d".formatted(seed, out, in, rank);
                assertThat(fall).as(what).isCloseTo(predicted, within(1e-7 * predicted));
                TruncatedSvd gradient = TruncatedSvd.exact(layer.G());
                Matrix U = gradient.U().columns(0, rank);
                Matrix V = gradient.V().columns(0, rank);
                double slack = 1e-9 * fall;
                assertThat(bestFall(layer, leading(layer.G(), rank)))
                        .as(what + ", gradient SVD")
                        .isLessThanOrEqualTo(fall + slack);
                assertThat(bestCore(layer, U, V))
                        .as(what + ", best core in the gradient's subspaces")
                        .isLessThanOrEqualTo(fall + slack);
                cases++;
            }
        }
        assertThat(cases).isGreaterThan(200);
    }

    /// `max over t of −q(tD) = ⟨G, D⟩² / (2 ⟨D, S D A⟩)`.
    private static double bestFall(FactoredKfac layer, Matrix D) {
        double slope = layer.G().dot(D);
        return slope * slope / (2 * D.dot(layer.S().times(D).times(layer.A())));
    }

    /// The fall of the best `U C Vᵀ`: `½ ⟨UᵀGV, (UᵀSU)⁻¹ UᵀGV (VᵀAV)⁻¹⟩`.
    private static double bestCore(FactoredKfac layer, Matrix U, Matrix V) {
        Matrix g = U.transposeTimes(layer.G()).times(V);
        Matrix s = U.transposeTimes(layer.S()).times(U);
        Matrix a = V.transposeTimes(layer.A()).times(V);
        Matrix solved = SymmetricEigen.of(s).power(0, -1).times(g);
        return g.dot(solved.times(SymmetricEigen.of(a).power(0, -1))) / 2;
    }

    /// Identity 7.
    @Test
    void theProductDependsOnNeitherAlphaNorScalingNorBalance() {
        WhitenedGradient gradient =
                layer(9, 11, new Random(8))
                        .whitenedGradientSvd(Damping.relative(1), 0.5, 0.5, 4, 1);
        Matrix expected = gradient.product(0.03);
        for (double alpha : new double[] {1, 8, 16, 64}) {
            for (double scaling : new double[] {alpha / 4, alpha / Math.sqrt(4)}) {
                WhitenedGradient.Factors factors = gradient.balanced(scaling, 0.03);
                assertClose(
                        "s B A", factors.B().times(factors.A()).scaled(scaling), expected, 1e-13);
                assertClose(
                        "‖b_i‖ = ‖a_i‖",
                        factors.B().columnNorms(),
                        factors.A().transpose().columnNorms(),
                        1e-13);
            }
        }
    }

    /// Identity 8.
    @ParameterizedTest
    @EnumSource(WeightSharing.class)
    void howTheSampleIsSplitIntoBatchesDoesNotMatter(WeightSharing sharing) {
        TokenStatistics all = tokens(7, 6, 12, 3, true, new Random(9));
        var accumulator = new KfacAccumulator(7, 6, sharing);
        for (int[] part : new int[][] {{0, 5}, {5, 1}, {6, 6}}) {
            int[] example = new int[part[1] * 3];
            for (int i = 0; i < example.length; i++) {
                example[i] = i / 3;
            }
            accumulator.add(
                    new TokenStatistics(
                            rows(all.X(), part[0] * 3, part[1] * 3),
                            rows(all.Gamma(), part[0] * 3, part[1] * 3),
                            rows(all.GammaCurvature(), part[0] * 3, part[1] * 3),
                            example,
                            part[1]));
        }
        FactoredKfac expected = all.factored(sharing);
        FactoredKfac actual = accumulator.toFactors();
        assertClose("A", actual.A(), expected.A(), 1e-13);
        assertClose("S", actual.S(), expected.S(), 1e-13);
        assertClose("G", actual.G(), expected.G(), 1e-13);
    }

    private static Matrix rows(Matrix M, int first, int count) {
        return M.transpose().columns(first, count).transpose();
    }

    private static Matrix leading(Matrix M, int rank) {
        TruncatedSvd svd = TruncatedSvd.exact(M);
        return svd.U()
                .columns(0, rank)
                .scaledColumns(Arrays.copyOf(svd.singularValues(), rank))
                .timesTransposed(svd.V().columns(0, rank));
    }
}
