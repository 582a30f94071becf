package cglora.models.curvature;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SymmetricEigen;
import cglora.models.linalg.TruncatedSvd;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The method's identities over random spectra, shapes, ranks and seeds. A failure names the seed.
class RandomIdentitiesTest {
    private static final int CASES = 60;
    private static final Damping NONE = Damping.absolute(0);

    static LongStream seeds() {
        return LongStream.range(0, CASES);
    }

    /// Identity 1: both forms give the same step.
    @ParameterizedTest
    @MethodSource("seeds")
    void formsAgree(long seed) {
        RandomLayers c = RandomLayers.of(seed);
        var random = new Random(seed);
        for (WeightSharing sharing : WeightSharing.values()) {
            Damping damping = RandomLayers.damping(random);
            double pA = RandomLayers.exponent(random);
            double pS = RandomLayers.exponent(random);
            String what = "%s %s %s p_a %s p_s %s".formatted(c, sharing, damping, pA, pS);
            FactoredKfac factored = c.tokens().factored(sharing);
            TokenGram gram = c.tokens().gram(sharing);
            assertClose(
                    what + ": M",
                    gram.whitenedGradient(damping, pA, pS),
                    factored.whitenedGradient(damping, pA, pS),
                    1e-11);
            assertClose(
                    what + ": ΔW",
                    gram.whitenedGradientSvd(damping, pA, pS, full(c), seed).product(1),
                    factored.whitenedGradientSvd(damping, pA, pS, full(c), seed).product(1),
                    1e-10);
        }
    }

    private static int full(RandomLayers c) {
        return Math.min(c.in(), c.out());
    }

    /// Identity 2: no exponents, gradient SVD; much damping, the same over the traces.
    @ParameterizedTest
    @MethodSource("seeds")
    void withoutCurvatureItIsTheGradientsSvd(long seed) {
        RandomLayers c = RandomLayers.of(seed);
        FactoredKfac layer = c.factored();
        Damping damping = RandomLayers.damping(new Random(seed));
        Matrix leading = leading(layer.G(), c.rank());
        assertClose(
                c + ", p = 0",
                layer.whitenedGradientSvd(damping, 0, 0, c.rank(), seed).product(0.3),
                leading.scaled(-0.3),
                1e-11);
        double lambda = 1e9;
        double length = c.in() / layer.traceA() * c.out() / layer.traceS() / (lambda * lambda);
        Matrix step =
                layer.whitenedGradientSvd(Damping.relative(lambda), 0.5, 0.5, full(c), seed)
                        .product(1);
        assertClose(c + ", λ → ∞", step, layer.G().scaled(-length), 1e-6);
    }

    /// Identity 3: a full step solves linear least squares with the curvature of its loss.
    @ParameterizedTest
    @MethodSource("seeds")
    void aFullStepSolvesLeastSquares(long seed) {
        RandomLayers c = RandomLayers.of(seed);
        var random = new Random(seed);
        int examples = Math.max(c.in(), c.out()) + random.nextInt(20);
        Matrix X = RandomMatrices.fading(examples, c.in(), 0.1, random);
        Matrix W = RandomMatrices.gaussian(c.out(), c.in(), random);
        Matrix targets = RandomMatrices.gaussian(examples, c.out(), random);
        Matrix residuals = X.timesTransposed(W).minus(targets);
        Matrix orthonormal =
                TruncatedSvd.exact(RandomMatrices.gaussian(examples, c.out(), random)).U();
        var sample =
                new TokenStatistics(
                        X,
                        residuals,
                        orthonormal.scaled(Math.sqrt(examples)),
                        IntStream.range(0, examples).toArray(),
                        examples);
        Matrix solution =
                SymmetricEigen.of(X.transposeTimes(X))
                        .applyPower(0, -1, X.transposeTimes(targets))
                        .transpose();
        Matrix step =
                sample.gram(WeightSharing.EXPAND)
                        .whitenedGradientSvd(NONE, 0.5, 0.5, full(c), seed)
                        .product(1);
        assertClose(c + ": W + ΔW", W.plus(step), solution, 1e-6);
    }

    /// Identity 4: with full whitening of a side, a change of its coordinates changes no
    /// prediction.
    @ParameterizedTest
    @MethodSource("seeds")
    void coordinatesOfAWhitenedSideDoNotMatter(long seed) {
        RandomLayers c = RandomLayers.of(seed);
        var random = new Random(seed);
        FactoredKfac layer = c.factored();
        Damping damping = Damping.relative(1e-12);
        Matrix T = invertible(c.in(), random);
        double pS = RandomLayers.exponent(random);
        var moved =
                new FactoredKfac(
                        T.times(layer.A()).timesTransposed(T),
                        layer.S(),
                        layer.G().timesTransposed(T));
        assertClose(
                c + ", x ← T x, p_s " + pS,
                moved.whitenedGradientSvd(damping, 0.5, pS, c.rank(), seed).product(1).times(T),
                layer.whitenedGradientSvd(damping, 0.5, pS, c.rank(), seed).product(1),
                1e-5);
        Matrix R = invertible(c.out(), random);
        double pA = RandomLayers.exponent(random);
        var mapped =
                new FactoredKfac(
                        layer.A(),
                        R.transposeTimes(layer.S()).times(R),
                        R.transposeTimes(layer.G()));
        assertClose(
                c + ", y ← R y, p_a " + pA,
                R.times(mapped.whitenedGradientSvd(damping, pA, 0.5, c.rank(), seed).product(1)),
                layer.whitenedGradientSvd(damping, pA, 0.5, c.rank(), seed).product(1),
                1e-5);
    }

    /// Of a condition of 10 at most.
    private static Matrix invertible(int size, Random random) {
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = Math.pow(10, -random.nextDouble());
        }
        return RandomMatrices.orthogonal(size, random)
                .scaledColumns(values)
                .times(RandomMatrices.orthogonal(size, random));
    }

    /// Identity 5, at every rank.
    @ParameterizedTest
    @MethodSource("seeds")
    void noRivalOfTheSameRankFallsFurtherOnAQuadratic(long seed) {
        RandomLayers c = RandomLayers.of(seed);
        FactoredKfac layer = c.factored();
        TruncatedSvd gradient = TruncatedSvd.exact(layer.G());
        for (int rank = 1; rank <= full(c); rank++) {
            WhitenedGradient whitened = layer.whitenedGradientSvd(NONE, 0.5, 0.5, rank, seed);
            double fall = fall(layer, whitened.product(1));
            double predicted =
                    Arrays.stream(whitened.svd().singularValues()).map(v -> v * v / 2).sum();
            String what = c + ", rank " + rank;
            assertThat(fall).as(what).isCloseTo(predicted, within(1e-7 * predicted));
            assertThat(fall(layer, leading(layer.G(), rank)))
                    .as(what + ", gradient SVD")
                    .isLessThanOrEqualTo(fall * (1 + 1e-9));
            Matrix U = gradient.U().columns(0, rank);
            Matrix V = gradient.V().columns(0, rank);
            Matrix g = U.transposeTimes(layer.G()).times(V);
            Matrix s = U.transposeTimes(layer.S()).times(U);
            Matrix a = V.transposeTimes(layer.A()).times(V);
            double core =
                    g.dot(
                                    SymmetricEigen.of(s)
                                            .power(0, -1)
                                            .times(g)
                                            .times(SymmetricEigen.of(a).power(0, -1)))
                            / 2;
            assertThat(core).as(what + ", best core").isLessThanOrEqualTo(fall * (1 + 1e-9));
        }
    }

    private static double fall(FactoredKfac layer, Matrix D) {
        double slope = layer.G().dot(D);
        return slope * slope / (2 * D.dot(layer.S().times(D).times(layer.A())));
    }

    /// Identity 6 on a network `f(x) = W₂ tanh(W₁ x)` with adapters on both layers. Without shift
    /// the function moves by the linear term, and what is left falls with the square of η; with
    /// shift it does not move.
    @ParameterizedTest
    @MethodSource("seeds")
    void theStartMovesTheFunctionByItsLinearTermOrNotAtAll(long seed) {
        var random = new Random(seed);
        int in = 2 + random.nextInt(6);
        int hidden = 2 + random.nextInt(6);
        int out = 1 + random.nextInt(4);
        double scaling = 0.5 + 3 * random.nextDouble();
        Matrix X = RandomMatrices.gaussian(9, in, random);
        Matrix first = RandomMatrices.gaussian(hidden, in, random);
        Matrix second = RandomMatrices.gaussian(out, hidden, random);
        WhitenedGradient one = gradient(X, hidden, random);
        WhitenedGradient two = gradient(function(X, first, null), out, random);
        Matrix before = function(X, first, second);
        double[] rest = new double[2];
        for (int i = 0; i < 2; i++) {
            double eta = 1e-3 / (1 << i);
            WhitenedGradient.Factors a = one.balanced(scaling, eta);
            WhitenedGradient.Factors b = two.balanced(scaling, eta);
            Matrix D1 = a.B().times(a.A()).scaled(scaling);
            Matrix D2 = b.B().times(b.A()).scaled(scaling);
            Matrix after = function(X, first.plus(D1), second.plus(D2));
            Matrix linear = linear(X, first, second, D1, D2);
            rest[i] = after.minus(before).minus(linear).frobenius();
            assertThat(rest[i]).isLessThan(0.05 * linear.frobenius());
            Matrix shifted = function(X, first.minus(D1).plus(D1), second.minus(D2).plus(D2));
            assertClose("shifted", shifted, before, 1e-13);
        }
        assertThat(rest[0] / rest[1]).as("seed " + seed).isCloseTo(4, within(0.2));
    }

    private static WhitenedGradient gradient(Matrix inputs, int out, Random random) {
        int count = inputs.rows();
        Matrix Gamma = RandomMatrices.gaussian(count, out, random);
        var sample =
                new TokenStatistics(
                        inputs, Gamma, Gamma, IntStream.range(0, count).toArray(), count);
        int rank = 1 + random.nextInt(Math.min(inputs.columns(), out));
        return sample.factored(WeightSharing.EXPAND)
                .whitenedGradientSvd(Damping.relative(1), 0.5, 0.5, rank, 1);
    }

    /// @param second null for the hidden layer
    private static Matrix function(Matrix X, Matrix first, Matrix second) {
        Matrix hidden = X.timesTransposed(first);
        for (int i = 0; i < hidden.values().length; i++) {
            hidden.values()[i] = Math.tanh(hidden.values()[i]);
        }
        return second == null ? hidden : hidden.timesTransposed(second);
    }

    /// `D₂ h + W₂ (1 − h²) D₁ x`.
    private static Matrix linear(Matrix X, Matrix first, Matrix second, Matrix D1, Matrix D2) {
        Matrix h = function(X, first, null);
        Matrix slope = X.timesTransposed(D1);
        for (int i = 0; i < slope.values().length; i++) {
            slope.values()[i] *= 1 - h.values()[i] * h.values()[i];
        }
        return h.timesTransposed(D2).plus(slope.timesTransposed(second));
    }

    /// Identity 7.
    @ParameterizedTest
    @MethodSource("seeds")
    void theProductDependsOnNeitherScalingNorBalance(long seed) {
        RandomLayers c = RandomLayers.of(seed);
        var random = new Random(seed);
        WhitenedGradient gradient =
                c.factored()
                        .whitenedGradientSvd(
                                RandomLayers.damping(random),
                                RandomLayers.exponent(random),
                                RandomLayers.exponent(random),
                                c.rank(),
                                seed);
        double eta = Math.pow(10, -4 * random.nextDouble());
        for (int i = 0; i < 4; i++) {
            double alpha = 1 + random.nextInt(64);
            double scaling = i < 2 ? alpha / c.rank() : alpha / Math.sqrt(c.rank());
            WhitenedGradient.Factors factors = gradient.balanced(scaling, eta);
            assertClose(
                    c + ": s B A",
                    factors.B().times(factors.A()).scaled(scaling),
                    gradient.product(eta),
                    1e-12);
            assertClose(
                    c + ": ‖b_i‖ = ‖a_i‖",
                    factors.B().columnNorms(),
                    factors.A().transpose().columnNorms(),
                    1e-12);
        }
    }

    /// Identity 8: padding with garbage, and any split into batches of whole examples.
    @ParameterizedTest
    @MethodSource("seeds")
    void paddingAndBatchesDoNotMatter(long seed) {
        RandomLayers c = RandomLayers.of(seed);
        TokenStatistics tokens = c.tokens();
        var random = new Random(seed);
        for (WeightSharing sharing : WeightSharing.values()) {
            FactoredKfac expected = tokens.factored(sharing);
            var split = new KfacAccumulator(c.in(), c.out(), sharing);
            int begin = 0;
            while (begin < tokens.examples()) {
                int count = 1 + random.nextInt(tokens.examples() - begin);
                split.add(padded(tokens, begin, count, 4 + random.nextInt(3)));
                begin += count;
            }
            FactoredKfac actual = split.toFactors();
            assertClose(c + " A", actual.A(), expected.A(), 1e-12);
            assertClose(c + " S", actual.S(), expected.S(), 1e-12);
            assertClose(c + " G", actual.G(), expected.G(), 1e-12);
        }
    }

    /// Some examples, padded with NaN.
    private static TokenStatistics padded(TokenStatistics all, int begin, int count, int width) {
        Matrix X = filled(count * width, all.in());
        Matrix Gamma = filled(count * width, all.out());
        Matrix curvature = filled(count * width, all.out());
        int[] mask = new int[count * width];
        int[] seen = new int[count];
        for (int i = 0; i < all.tokens(); i++) {
            int example = all.example()[i] - begin;
            if (example >= 0 && example < count) {
                int at = example * width + seen[example]++;
                mask[at] = 1;
                copy(all.X(), i, X, at);
                copy(all.Gamma(), i, Gamma, at);
                copy(all.GammaCurvature(), i, curvature, at);
            }
        }
        return TokenStatistics.of(X, Gamma, curvature, mask, width);
    }

    private static Matrix filled(int rows, int columns) {
        Matrix M = Matrix.zero(rows, columns);
        Arrays.fill(M.values(), Double.NaN);
        return M;
    }

    private static void copy(Matrix from, int row, Matrix to, int target) {
        System.arraycopy(
                from.values(),
                row * from.columns(),
                to.values(),
                target * to.columns(),
                to.columns());
    }

    private static Matrix leading(Matrix M, int rank) {
        TruncatedSvd svd = TruncatedSvd.exact(M);
        return svd.U()
                .columns(0, rank)
                .scaledColumns(Arrays.copyOf(svd.singularValues(), rank))
                .timesTransposed(svd.V().columns(0, rank));
    }
}
