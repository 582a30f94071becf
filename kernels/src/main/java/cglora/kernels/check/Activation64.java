package cglora.kernels.check;

/// Activations and their derivatives in float64.
public final class Activation64 {
    private Activation64() {}

    /// The error function: series below 3, continued fraction above
    /// (Abramowitz and Stegun 7.1.5 and 7.1.14).
    public static double erf(double x) {
        double z = Math.abs(x);
        if (z > 6) {
            return Math.signum(x);
        }
        if (z >= 3) {
            return Math.signum(x) * (1 - erfcTail(z));
        }
        double term = z;
        double total = z;
        for (int n = 1; n < 200 && Math.abs(term) > 1e-18 * total; n++) {
            term *= -z * z / n;
            total += term / (2 * n + 1);
        }
        return Math.signum(x) * 2 / Math.sqrt(Math.PI) * total;
    }

    private static double erfcTail(double z) {
        double fraction = z;
        for (int n = 120; n >= 1; n--) {
            fraction = z + n / 2.0 / fraction;
        }
        return Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction;
    }

    /// `Φ(x)`, the distribution function of the normal distribution.
    public static double normal(double x) {
        double z = -x / Math.sqrt(2);
        return z >= 3 ? 0.5 * erfcTail(z) : 0.5 * (1 - erf(z));
    }

    public static double gelu(double x) {
        return x * normal(x);
    }

    public static double geluDerivative(double x) {
        return normal(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    public static double geluTanh(double x) {
        return x / (1 + Math.exp(-2 * geluTanhArgument(x)));
    }

    /// With `σ` the logistic function and `u` the argument of the hyperbolic tangent, the function
    /// is `x · σ(2u)`.
    public static double geluTanhDerivative(double x) {
        double slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
        double sigma = 1 / (1 + Math.exp(-2 * geluTanhArgument(x)));
        double complement = 1 / (1 + Math.exp(2 * geluTanhArgument(x)));
        double curved = sigma * complement == 0 ? 0 : x * sigma * complement * 2 * slope;
        return sigma + curved;
    }

    private static double geluTanhArgument(double x) {
        return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    }

    public static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    public static double siluDerivative(double x) {
        double complement = 1 / (1 + Math.exp(x));
        return (1 + x * complement) / (1 + Math.exp(-x));
    }
}
