package cglora.kernels.check;

import java.util.Optional;

/// Compares float32 results with float64 references, each element against a bound of its own.
///
/// The bounds come from the arithmetic: a sum of `n` products may be off by
/// `(n + c) · 2⁻²⁴ · Σ|terms|`, whatever the order of the sum.
public final class Closeness {
    /// Half a unit in the last place of 1: the relative error of one rounding.
    public static final double ROUNDING = 0x1p-24;

    /// Roundings that a sum has besides its own: of the products, the scale and the store.
    private static final int EXTRA = 6;

    private Closeness() {}

    /// Whether `|actual − expected| ≤ bound` for every element.
    ///
    /// @param actual holds the elements from `at` on
    /// @return how the worst element is off, in words; empty when none is
    public static Optional<String> difference(
            float[] actual, int at, double[] expected, double[] bounds) {
        int worst = -1;
        double worstRatio = 1;
        int failures = 0;
        for (int i = 0; i < expected.length; i++) {
            double ratio = ratio(actual[at + i], expected[i], bounds[i]);
            if (ratio > 1) {
                failures++;
            }
            if (ratio > worstRatio) {
                worst = i;
                worstRatio = ratio;
            }
        }
        return failures == 0
                ? Optional.empty()
                : Optional.of(
                        "%d of %d elements are off; worst is [%d]: %s, float64 %s, %.3g times the bound %.3g"
                                .formatted(
                                        failures,
                                        expected.length,
                                        worst,
                                        actual[at + worst],
                                        expected[worst],
                                        worstRatio,
                                        bounds[worst]));
    }

    /// How many times its bound an element is off; infinite where only one of the two is a number.
    private static double ratio(double actual, double expected, double bound) {
        if (Double.isNaN(actual) || Double.isNaN(expected)) {
            return Double.isNaN(actual) && Double.isNaN(expected) ? 0 : Double.POSITIVE_INFINITY;
        }
        double difference = Math.abs(actual - expected);
        if (difference == 0 || actual == expected) {
            return 0;
        }
        return bound > 0 ? difference / bound : Double.POSITIVE_INFINITY;
    }

    /// Bounds of sums of `n` terms each.
    ///
    /// @param magnitudes `Σ|terms|` of each element
    public static double[] sums(int n, double[] magnitudes) {
        double[] bounds = new double[magnitudes.length];
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = (n + EXTRA) * ROUNDING * Math.abs(magnitudes[i]) + Float.MIN_NORMAL;
        }
        return bounds;
    }

    /// Bounds of `roundings` relative errors of one rounding each.
    public static double[] roundings(int roundings, double[] expected) {
        return tolerance(roundings * ROUNDING, 0, expected);
    }

    /// Bounds `relative · |expected| + absolute`.
    public static double[] tolerance(double relative, double absolute, double[] expected) {
        double[] bounds = new double[expected.length];
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = relative * Math.abs(expected[i]) + absolute + Float.MIN_NORMAL;
        }
        return bounds;
    }

    /// Bounds of elements that must be equal.
    public static double[] exact(double[] expected) {
        return new double[expected.length];
    }
}
