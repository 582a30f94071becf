package cglora.pipeline.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Against values computed by hand.
class SignificanceTest {
    @Test
    void meanAndDeviationOfASample() {
        assertThat(Significance.mean(1, 2, 3, 4)).isEqualTo(2.5);
        assertThat(Significance.deviation(1, 2, 3, 4)).isCloseTo(Math.sqrt(5 / 3.0), within(1e-12));
        assertThat(Significance.deviation(1)).isNaN();
        assertThat(Significance.mean()).isNaN();
    }

    /// t = 2.5 / (√(5/3) / 2) = √15 with 3 degrees of freedom, whose distribution function is
    /// ½ + (x / (1 + x²) + atan x) / π, x = t / √3 = √5.
    @Test
    void pairedT() {
        double x = Math.sqrt(5);
        double p = 2 * (0.5 - (x / 6 + Math.atan(x)) / Math.PI);
        assertThat(Significance.pairedT(1, 2, 3, 4)).isCloseTo(p, within(1e-9));
        assertThat(Significance.pairedT(-1, -2, -3, -4)).isCloseTo(p, within(1e-9));
        assertThat(p).isCloseTo(0.0305, within(1e-4));
        assertThat(Significance.pairedT(0, 0)).isEqualTo(1);
        assertThat(Significance.pairedT(0.5, 0.5)).isNaN();
        assertThat(Significance.pairedT(0.5)).isNaN();
    }

    @Test
    void permutationCountsSignPatterns() {
        assertThat(Significance.permutation(1, 2, 3, 4)).isEqualTo(2 / 16.0);
        // ±1 ±1 ±2: 4, 0, 2, -2, 2, -2, 0, -4
        assertThat(Significance.permutation(1, -1, 2)).isEqualTo(6 / 8.0);
        assertThat(Significance.permutation(0, 0)).isEqualTo(1);
        assertThat(Significance.permutation(0.1, 0.1, 0.1)).isEqualTo(2 / 8.0);
        assertThat(Significance.permutation()).isNaN();
        double[] many = IntStream.range(0, 30).mapToDouble(i -> 1 + i % 3).toArray();
        assertThat(Significance.permutation(many)).isEqualTo(1 / 10_001.0);
    }

    @Test
    void holmMultipliesByWhatIsLeftAndNeverFalls() {
        assertThat(Significance.holm(0.01, 0.04, 0.03))
                .usingComparatorWithPrecision(1e-12)
                .containsExactly(0.03, 0.06, 0.06);
        assertThat(Significance.holm(0.6, 0.7)).containsExactly(1, 1);
        double[] adjusted = Significance.holm(Double.NaN, 0.02, 0.03);
        assertThat(adjusted[0]).isNaN();
        assertThat(Arrays.copyOfRange(adjusted, 1, 3)).containsExactly(0.04, 0.04);
        assertThat(Significance.holm()).isEmpty();
    }

    /// Means of resamples of {0, 0, 0, 1} are Bin(4, ¼) / 4: 32 % are 0, 94.9 % at most ½, 99.6 %
    /// at
    /// most ¾.
    @Test
    void bootstrapIntervalIsOfPercentiles() {
        assertThat(Significance.interval(0, 0, 0, 1)).containsExactly(0, 0.75);
        assertThat(Significance.interval(0, 1)).containsExactly(0, 1);
        assertThat(Significance.interval(3, 3, 3)).containsExactly(3, 3);
        assertThat(Significance.interval(1)).containsExactly(Double.NaN, Double.NaN);
        double[] values = {0.71, 0.74, 0.69, 0.73, 0.75};
        assertThat(Significance.interval(values)).isEqualTo(Significance.interval(values.clone()));
    }
}
