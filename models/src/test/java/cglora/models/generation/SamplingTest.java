package cglora.models.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.error.CgloraException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SamplingTest {
    /// Probabilities ½, ¼, ⅛, ⅛ behind two that belong to another row.
    private static final float[] LOGITS = {9, 9, log(4), log(2), 0, 0};

    private static float log(double x) {
        return (float) Math.log(x);
    }

    private static double[] shares(Sampling sampling) {
        var random = new Random(3);
        double[] shares = new double[4];
        int draws = 40_000;
        for (int i = 0; i < draws; i++) {
            shares[sampling.choose(LOGITS, 2, 4, random)] += 1.0 / draws;
        }
        return shares;
    }

    @Test
    void drawsByTheProbabilities() {
        assertThat(shares(new Sampling(1, 0, 1)))
                .containsExactly(new double[] {0.5, 0.25, 0.125, 0.125}, within(0.01));
    }

    @Test
    void aLowTemperatureSharpens() {
        assertThat(shares(new Sampling(0.5, 0, 1)))
                .containsExactly(
                        new double[] {16.0 / 22, 4.0 / 22, 1.0 / 22, 1.0 / 22}, within(0.01));
    }

    @Test
    void topKLeavesTheLargest() {
        assertThat(shares(new Sampling(1, 2, 1)))
                .containsExactly(new double[] {2.0 / 3, 1.0 / 3, 0, 0}, within(0.01));
        assertThat(shares(new Sampling(1, 1, 1)))
                .containsExactly(new double[] {1, 0, 0, 0}, within(1e-9));
    }

    @Test
    void topPLeavesTheFewestThatReachIt() {
        assertThat(shares(new Sampling(1, 0, 0.49)))
                .containsExactly(new double[] {1, 0, 0, 0}, within(1e-9));
        assertThat(shares(new Sampling(1, 0, 0.6)))
                .containsExactly(new double[] {2.0 / 3, 1.0 / 3, 0, 0}, within(0.01));
        assertThat(shares(new Sampling(1, 0, 1e-9)))
                .containsExactly(new double[] {1, 0, 0, 0}, within(1e-9));
    }

    @Test
    void greedyTakesTheFirstOfTheLargestAndDrawsNothing() {
        float[] equal = {0, 7, 7, 1};
        assertThat(Sampling.GREEDY.choose(equal, 0, 4, null)).isEqualTo(1);
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatThrownBy(() -> new Sampling(-1, 0, 1))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("temperature -1.0, expected 0 or more");
        assertThatThrownBy(() -> new Sampling(1, -1, 1)).hasMessageContaining("top_k -1");
        assertThatThrownBy(() -> new Sampling(1, 0, 0)).hasMessageContaining("top_p 0.0");
        assertThatThrownBy(() -> new Sampling(Double.NaN, 0, 1)).hasMessageContaining("NaN");
    }
}
