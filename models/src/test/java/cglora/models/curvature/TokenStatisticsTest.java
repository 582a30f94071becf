package cglora.models.curvature;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.models.data.Batcher;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenStatisticsTest {
    @Test
    void valuesUnderTheMaskAreNeverRead() {
        var random = new Random(1);
        Matrix X = RandomMatrices.gaussian(6, 4, random);
        Matrix Gamma = RandomMatrices.gaussian(6, 3, random);
        for (int padded : new int[] {2, 4, 5}) {
            X.values()[padded * 4] = Double.NaN;
            Gamma.values()[padded * 3 + 1] = Double.POSITIVE_INFINITY;
        }
        int[] mask = {1, 1, 0, 1, 0, 0};
        TokenStatistics tokens = TokenStatistics.of(X, Gamma, Gamma, mask, 3);
        assertThat(tokens.tokens()).isEqualTo(3);
        assertThat(tokens.examples()).isEqualTo(2);
        assertThat(tokens.example()).containsExactly(0, 0, 1);
        for (WeightSharing sharing : WeightSharing.values()) {
            assertThat(tokens.factored(sharing).isFinite()).isTrue();
            assertThat(tokens.gram(sharing).isFinite()).isTrue();
        }
    }

    @Test
    void keyProjectionsFallBackToExpandBecauseTheirGradientsSumToZero() {
        var random = new Random(2);
        Matrix X = RandomMatrices.gaussian(8, 5, random);
        Matrix Gamma = RandomMatrices.gaussian(8, 4, random);
        for (int e = 0; e < 4; e++) { // two tokens an example, opposite gradients
            for (int j = 0; j < 4; j++) {
                Gamma.values()[(2 * e + 1) * 4 + j] = -Gamma.get(2 * e, j);
            }
        }
        var tokens = new TokenStatistics(X, Gamma, Gamma, new int[] {0, 0, 1, 1, 2, 2, 3, 3}, 4);
        assertThat(tokens.effective(WeightSharing.REDUCE)).isEqualTo(WeightSharing.EXPAND);
        FactoredKfac expand = tokens.factored(WeightSharing.EXPAND);
        assertThat(expand.traceS()).isGreaterThan(1);
        // nobody is given another sharing than asked for, and without curvature there is no step
        FactoredKfac reduce = tokens.factored(WeightSharing.REDUCE);
        assertThat(reduce.traceS()).isZero();
        assertThat(tokens.gram(WeightSharing.REDUCE).traceS()).isZero();
        assertThatThrownBy(() -> reduce.whitenedGradientSvd(Damping.relative(1), 0.5, 0.5, 2, 1))
                .hasMessageContaining("the output factor S (4 × 4) is singular");
    }

    @Test
    void aShareOfTheTokensEstimatesTheFactorsOfAll() {
        var random = new Random(4);
        int tokens = 60;
        int draws = 3000;
        Matrix X = RandomMatrices.fading(tokens, 4, 0.3, random);
        Matrix Gamma = RandomMatrices.fading(tokens, 3, 0.3, random).plus(X.columns(0, 3));
        int[] example = IntStream.range(0, tokens).map(i -> i / 5).toArray();
        FactoredKfac all =
                new TokenStatistics(X, Gamma, Gamma, example, 12).factored(WeightSharing.EXPAND);
        Matrix A = Matrix.zero(4, 4);
        Matrix S = Matrix.zero(3, 3);
        Matrix G = Matrix.zero(3, 4);
        for (int draw = 0; draw < draws; draw++) {
            int[] kept = Batcher.draw(tokens, 15, random.nextLong());
            var part =
                    new TokenStatistics(
                            rows(X, kept),
                            rows(Gamma, kept),
                            rows(Gamma, kept),
                            Arrays.stream(kept).map(i -> example[i]).toArray(),
                            12,
                            15.0 / tokens);
            FactoredKfac some = part.factored(WeightSharing.EXPAND);
            A = A.plus(some.A().scaled(1.0 / draws));
            S = S.plus(some.S().scaled(1.0 / draws));
            G = G.plus(some.G().scaled(1.0 / draws));
            TokenGram gram = part.gram(WeightSharing.EXPAND);
            assertThat(gram.traceS()).isCloseTo(some.traceS(), within(1e-12 * some.traceS()));
            Damping damping = Damping.relative(1);
            assertClose(
                    "M",
                    gram.whitenedGradient(damping, 0.5, 0.5),
                    some.whitenedGradient(damping, 0.5, 0.5),
                    1e-10);
            assertThatThrownBy(() -> part.gram(WeightSharing.REDUCE))
                    .hasMessageContaining("all tokens of an example");
        }
        assertClose("A", A, all.A(), 0.03);
        assertClose("S", S, all.S(), 0.03);
        assertClose("G", G, all.G(), 0.03);
    }

    private static Matrix rows(Matrix M, int[] rows) {
        return Matrix.of(
                Arrays.stream(rows).mapToObj(i -> M.rows(i, 1).values()).toArray(double[][]::new));
    }

    @Test
    void oneTokenAnExampleMakesExpandAndReduceEqualAndHasCorrelationOfTheKroneckerProduct() {
        var random = new Random(3);
        Matrix X = RandomMatrices.gaussian(5, 4, random);
        Matrix Gamma = RandomMatrices.gaussian(5, 3, random);
        var tokens = new TokenStatistics(X, Gamma, Gamma, new int[] {0, 1, 2, 3, 4}, 5);
        assertClose(
                "A",
                tokens.factored(WeightSharing.REDUCE).A(),
                tokens.factored(WeightSharing.EXPAND).A(),
                1e-14);
        // inputs and gradients all alike: the block is exactly the product
        Matrix ones = Matrix.of(new double[] {1, 2}, new double[] {1, 2});
        var alike = new TokenStatistics(ones, ones, ones, new int[] {0, 1}, 2);
        assertThat(alike.tokenCorrelation()).isCloseTo(1, within(1e-14));
        // two like tokens an example: Γᵀ X adds up to twice one token's, its square to four
        var twice = new TokenStatistics(ones, ones, ones, new int[] {0, 0}, 1);
        assertThat(twice.tokenCorrelation()).isCloseTo(2, within(1e-14));
    }

    @Test
    void refusesShapesThatDoNotFit() {
        Matrix X = Matrix.zero(2, 3);
        assertThatThrownBy(() -> new TokenStatistics(X, X, X, new int[] {0}, 1))
                .hasMessageContaining("1 example numbers");
        assertThatThrownBy(() -> new TokenStatistics(X, X, X, new int[] {0, 2}, 2))
                .hasMessageContaining("example 2, expected 0 … 1");
        assertThatThrownBy(() -> TokenStatistics.of(X, X, X, new int[] {0, 0}, 1))
                .hasMessageContaining("0 tokens");
        assertThatThrownBy(() -> new FactoredKfac(X, X, X)).hasMessageContaining("A is 2 × 3");
        assertThatThrownBy(() -> new KfacAccumulator(2, 2, WeightSharing.EXPAND).toFactors())
                .hasMessageContaining("no batch");
    }
}
