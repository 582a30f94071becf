package cglora.pipeline.compare;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.moment.StandardDeviation;
import org.apache.commons.math3.stat.inference.TTest;

/// The statistics of a few repetitions.
final class Significance {
    private static final int RESAMPLES = 10_000;
    private static final long SEED = 1;

    /// Up to so many pairs every sign pattern is counted.
    private static final int EXACT = 16;

    private Significance() {}

    /// The mean; NaN for none.
    static double mean(double... values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    /// The standard deviation of a sample (n − 1); NaN for fewer than two values.
    static double deviation(double... values) {
        return values.length < 2 ? Double.NaN : new StandardDeviation().evaluate(values);
    }

    /// The 95 % percentile interval of the mean by 10,000 resamples of a fixed seed; NaN for fewer
    /// than two values.
    ///
    /// @return lower and upper end
    static double[] interval(double... values) {
        if (values.length < 2) {
            return new double[] {Double.NaN, Double.NaN};
        }
        var random = new SplittableRandom(SEED);
        double[] means = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            double sum = 0;
            for (int j = 0; j < values.length; j++) {
                sum += values[random.nextInt(values.length)];
            }
            means[i] = sum / values.length;
        }
        Arrays.sort(means);
        return new double[] {means[RESAMPLES / 40], means[RESAMPLES - 1 - RESAMPLES / 40]};
    }

    /// Two-sided p of Student's paired t-test; 1 where all differences are 0, NaN for fewer than
    /// two pairs, and where all differences are the same, for which the test does not exist.
    static double pairedT(double... differences) {
        if (differences.length < 2) {
            return Double.NaN;
        }
        if (Arrays.stream(differences).allMatch(d -> d == 0)) {
            return 1;
        }
        return deviation(differences) > 0 ? new TTest().tTest(0, differences) : Double.NaN;
    }

    /// Two-sided p of the paired permutation test: the share of sign patterns whose mean
    /// difference is at least as far from 0. Exact up to 16 pairs, by 10,000 patterns of a fixed
    /// seed beyond; NaN for no pair.
    static double permutation(double... differences) {
        int n = differences.length;
        if (n == 0) {
            return Double.NaN;
        }
        double seen = Math.abs(Arrays.stream(differences).sum());
        double margin = 1e-12 * Arrays.stream(differences).map(Math::abs).sum();
        long patterns = n <= EXACT ? 1L << n : RESAMPLES;
        var random = new SplittableRandom(SEED);
        long asFar = n <= EXACT ? 0 : 1; // what was seen is a pattern, too
        for (long i = 0; i < patterns; i++) {
            double sum = 0;
            for (int j = 0; j < n; j++) {
                boolean minus = n <= EXACT ? (i >> j & 1) != 0 : random.nextBoolean();
                sum += minus ? -differences[j] : differences[j];
            }
            asFar += Math.abs(sum) >= seen - margin ? 1 : 0;
        }
        return (double) asFar / (n <= EXACT ? patterns : patterns + 1);
    }

    /// p-values after Holm's correction, in the order given; NaN stays NaN and is no test.
    static double[] holm(double... p) {
        int[] order =
                IntStream.range(0, p.length)
                        .filter(i -> !Double.isNaN(p[i]))
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> p[i]))
                        .mapToInt(Integer::intValue)
                        .toArray();
        double[] adjusted = p.clone();
        double largest = 0;
        for (int k = 0; k < order.length; k++) {
            largest = Math.max(largest, Math.min(1, (order.length - k) * p[order[k]]));
            adjusted[order[k]] = largest;
        }
        return adjusted;
    }
}
