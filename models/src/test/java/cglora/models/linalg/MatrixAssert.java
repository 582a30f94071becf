package cglora.models.linalg;

import static org.assertj.core.api.Assertions.assertThat;

/// Comparison element by element, relative to the largest expected entry.
public final class MatrixAssert {
    private MatrixAssert() {}

    /// Every entry within `tolerance` times the largest magnitude that is expected.
    public static void assertClose(String what, Matrix actual, Matrix expected, double tolerance) {
        assertThat(actual.rows()).as("%s: rows", what).isEqualTo(expected.rows());
        assertThat(actual.columns()).as("%s: columns", what).isEqualTo(expected.columns());
        double bound = tolerance * Math.max(expected.maxAbsolute(), Double.MIN_NORMAL);
        int worst = 0;
        double largest = -1;
        int beyond = 0;
        for (int i = 0; i < expected.values().length; i++) {
            double difference = Math.abs(actual.values()[i] - expected.values()[i]);
            if (!(difference <= bound)) {
                beyond++;
            }
            if (!(difference <= largest)) {
                largest = difference;
                worst = i;
            }
        }
        if (beyond > 0) {
            throw new AssertionError(
                    ("%s: %d of %d entries differ by more than %.3g; worst at [%d, %d]: %s,"
                                    + " expected %s")
                            .formatted(
                                    what,
                                    beyond,
                                    expected.values().length,
                                    bound,
                                    worst / expected.columns(),
                                    worst % expected.columns(),
                                    actual.values()[worst],
                                    expected.values()[worst]));
        }
    }

    public static void assertClose(
            String what, double[] actual, double[] expected, double tolerance) {
        assertClose(
                what,
                Matrix.of(new double[][] {actual}),
                Matrix.of(new double[][] {expected}),
                tolerance);
    }
}
