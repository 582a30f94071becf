package cglora.kernels.testing;

/// Distances between results.
public final class Norms {
    private Norms() {}

    /// `‖actual − expected‖ / ‖expected‖`, summed in float64; the numerator alone where nothing is
    /// expected.
    public static double difference(float[] actual, float[] expected) {
        if (actual.length != expected.length) {
            throw new IllegalArgumentException(
                    actual.length + " elements, expected " + expected.length);
        }
        double error = 0;
        double squares = 0;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow((double) actual[i] - expected[i], 2);
            squares += (double) expected[i] * expected[i];
        }
        return Math.sqrt(squares > 0 ? error / squares : error);
    }
}
