package cglora.models.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RankAllocationTest {
    private static RankAllocation.Layer layer(int in, int out, double... sigma) {
        return new RankAllocation.Layer("m" + in + "x" + out, in, out, sigma);
    }

    private static long cost(List<RankAllocation.Layer> layers, int[] ranks) {
        long cost = 0;
        for (int i = 0; i < ranks.length; i++) {
            cost += (long) ranks[i] * layers.get(i).cost();
        }
        return cost;
    }

    private static double gain(List<RankAllocation.Layer> layers, int[] ranks) {
        double gain = 0;
        for (int i = 0; i < ranks.length; i++) {
            gain += layers.get(i).sum(ranks[i]);
        }
        return gain;
    }

    private static List<RankAllocation.Layer> draw(Random random, int count, int longest) {
        var layers = new ArrayList<RankAllocation.Layer>();
        for (int i = 0; i < count; i++) {
            double scale = Math.exp(random.nextGaussian());
            double[] sigma =
                    random.doubles(longest).map(x -> -scale * x).sorted().map(x -> -x).toArray();
            layers.add(layer(longest + random.nextInt(9), longest + random.nextInt(9), sigma));
        }
        return layers;
    }

    /// The best of all choices that keep to the bounds and to `budget`.
    private static double best(
            List<RankAllocation.Layer> layers, int at, long budget, int least, int most) {
        if (at == layers.size()) {
            return 0;
        }
        double best = Double.NEGATIVE_INFINITY;
        RankAllocation.Layer layer = layers.get(at);
        for (int r = least; r <= most && (long) r * layer.cost() <= budget; r++) {
            long left = budget - (long) r * layer.cost();
            best = Math.max(best, layer.sum(r) + best(layers, at + 1, left, least, most));
        }
        return best;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noChoiceOfTheSameCostsGainsMoreThanOneComponentMore(long seed) {
        var random = new Random(seed);
        for (int trial = 0; trial < 20; trial++) {
            List<RankAllocation.Layer> layers = draw(random, 4, 6);
            long one = layers.stream().mapToLong(RankAllocation.Layer::cost).sum();
            int r = 1 + random.nextInt(4);
            var allocation = new RankAllocation(r * one, 1, 6);
            int[] ranks = allocation.ranks(layers);
            assertThat(cost(layers, ranks)).isLessThanOrEqualTo(r * one);
            assertThat(Arrays.stream(ranks).boxed()).allMatch(rank -> rank >= 1 && rank <= 6);
            double gain = gain(layers, ranks);
            // the greedy choice falls short of the best by less than the first component passed
            // over
            double passed = 0;
            for (int i = 0; i < ranks.length; i++) {
                double[] sigma = layers.get(i).singularValues();
                if (ranks[i] < sigma.length) {
                    passed = Math.max(passed, sigma[ranks[i]] * sigma[ranks[i]]);
                }
            }
            assertThat(best(layers, 0, r * one, 1, 6)).isLessThanOrEqualTo(gain + passed + 1e-12);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void layersOfOneShapeGetTheLargestSingularValuesOfAll(long seed) {
        var random = new Random(seed);
        var layers = new ArrayList<RankAllocation.Layer>();
        for (RankAllocation.Layer layer : draw(random, 5, 8)) {
            layers.add(layer(10, 20, layer.singularValues()));
        }
        int[] ranks = new RankAllocation(3 * 5 * 30, 1, 8).ranks(layers);
        assertThat(Arrays.stream(ranks).sum()).isEqualTo(15);
        double least = Double.POSITIVE_INFINITY;
        double dropped = 0;
        for (int i = 0; i < ranks.length; i++) {
            double[] sigma = layers.get(i).singularValues();
            least = ranks[i] > 1 ? Math.min(least, sigma[ranks[i] - 1]) : least;
            dropped = ranks[i] < 8 ? Math.max(dropped, sigma[ranks[i]]) : dropped;
        }
        assertThat(least).isGreaterThanOrEqualTo(dropped);
    }

    @Test
    void equalSpectraOfOneShapeGetTheRankOfTheBudget() {
        var layer = layer(7, 7, 4, 3, 2, 1);
        assertThat(new RankAllocation(3 * 2 * 14, 1, 4).ranks(List.of(layer, layer, layer)))
                .containsExactly(2, 2, 2);
    }

    @Test
    void aDearComponentYieldsToACheapOneOfTheSameGain() {
        assertThat(
                        new RankAllocation(130, 1, 2)
                                .ranks(List.of(layer(50, 40, 1, 1), layer(10, 10, 1, 1))))
                .containsExactly(1, 2);
    }

    @Test
    void aLayerWithoutGradientKeepsTheLeastRankAndNobodyTakesWhatIsWorthNothing() {
        List<RankAllocation.Layer> layers = List.of(layer(4, 4, 0, 0, 0), layer(4, 4, 2, 1, 0));
        assertThat(new RankAllocation(1000, 1, 3).ranks(layers)).containsExactly(1, 2);
        assertThat(layers.get(0).kept(1)).isEqualTo(1);
        assertThat(layers.get(1).kept(1)).isCloseTo(0.8, within(1e-12));
    }

    @Test
    void noRankPassesTheSmallerSideOrTheMost() {
        List<RankAllocation.Layer> layers = List.of(layer(2, 9, 3, 2), layer(9, 9, 3, 2, 1, 1, 1));
        assertThat(new RankAllocation(1000, 1, 4).ranks(layers)).containsExactly(2, 4);
    }

    @Test
    void aBudgetBelowTheLeastRanksIsRefused() {
        assertThatThrownBy(
                        () -> new RankAllocation(27, 2, 4).ranks(List.of(layer(7, 7, 4, 3, 2, 1))))
                .hasMessageContaining("O-CONFLICT")
                .hasMessageContaining("rank 2 everywhere takes 28 parameters, the budget is 27");
        assertThatThrownBy(() -> new RankAllocation(100, 3, 2)).hasMessageContaining("O-RANGE");
        assertThatThrownBy(() -> new RankAllocation(100, 0, 2)).hasMessageContaining("O-RANGE");
    }
}
