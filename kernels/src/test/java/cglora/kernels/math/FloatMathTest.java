package cglora.kernels.math;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.check.Activation64;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/// The error bounds that [FloatMath] states, on dense grids of floats.
class FloatMathTest {
    private static final int POINTS = 400_000;

    /// A float32 function.
    private interface Function {
        float of(float x);
    }

    private static void assertRelativeError(
            Function function, DoubleUnaryOperator exact, float from, float to, double bound) {
        double worst = 0;
        float worstAt = from;
        for (int i = 0; i <= POINTS; i++) {
            float x = (float) (from + (to - from) * (i / (double) POINTS));
            double expected = exact.applyAsDouble(x);
            double error = Math.abs(function.of(x) - expected) / Math.abs(expected);
            if (error > worst) {
                worst = error;
                worstAt = x;
            }
        }
        assertThat(worst).as("largest relative error, at %s", worstAt).isLessThan(bound);
    }

    private static void assertAbsoluteError(
            Function function, DoubleUnaryOperator exact, float from, float to, double bound) {
        double worst = 0;
        float worstAt = from;
        for (int i = 0; i <= POINTS; i++) {
            float x = (float) (from + (to - from) * (i / (double) POINTS));
            double error = Math.abs(function.of(x) - exact.applyAsDouble(x));
            if (error > worst) {
                worst = error;
                worstAt = x;
            }
        }
        assertThat(worst).as("largest error, at %s", worstAt).isLessThan(bound);
    }

    @Test
    void sqrtKeepsItsBound() {
        assertRelativeError(FloatMath::sqrt, Math::sqrt, 1f, 4f, 2.4e-7);
        assertRelativeError(FloatMath::sqrt, Math::sqrt, 1e-6f, 1f, 2.4e-7);
        assertRelativeError(FloatMath::sqrt, Math::sqrt, 4f, 1e6f, 2.4e-7);
        for (float x = 1e-37f; x < 3e38f; x *= 1.0009765f) {
            double exact = Math.sqrt(x);
            assertThat(Math.abs(FloatMath.sqrt(x) - exact) / exact).as("√%s", x).isLessThan(2.4e-7);
        }
    }

    @Test
    void sqrtOfSquaresOfSmallIntegersIsExact() {
        for (int i = 0; i <= 1024; i++) {
            assertThat(FloatMath.sqrt(i * i)).isEqualTo(i);
        }
    }

    @Test
    void expKeepsItsBound() {
        assertRelativeError(FloatMath::exp, Math::exp, -86f, 86f, 2.5e-7);
        assertRelativeError(FloatMath::exp, Math::exp, -1f, 1f, 2.5e-7);
    }

    @Test
    void expEndsWhereItSays() {
        assertThat(FloatMath.exp(0f)).isEqualTo(1f);
        assertThat(FloatMath.exp(-86f)).isPositive();
        assertThat(FloatMath.exp(Math.nextDown(-86f))).isZero();
        assertThat(FloatMath.exp(-1e30f)).isZero();
        assertThat(FloatMath.exp(Float.NEGATIVE_INFINITY)).isZero();
        float largest = FloatMath.exp(88f);
        assertThat(largest / Math.exp(88)).isBetween(1 - 1e-6, 1 + 1e-6);
        assertThat(FloatMath.exp(89f)).isEqualTo(largest);
        assertThat(FloatMath.exp(Float.MAX_VALUE)).isEqualTo(largest);
        assertThat(FloatMath.exp(Float.POSITIVE_INFINITY)).isEqualTo(largest);
        assertThat(FloatMath.exp(Float.NaN)).isNaN();
    }

    @Test
    void expOfNearbyPowersOfTwoIsRight() {
        for (int n = -124; n <= 126; n++) {
            float middle = (float) ((n + 0.5) * Math.log(2)); // where the exponent changes
            for (float x = Math.nextDown(Math.nextDown(middle)), i = 0; i < 5; i++) {
                assertThat(FloatMath.exp(x) / Math.exp(x)).isBetween(1 - 2.5e-7, 1 + 2.5e-7);
                x = Math.nextUp(x);
            }
        }
    }

    @Test
    void logOfSumKeepsItsBound() {
        for (int power = 0; power < 127; power++) {
            float scale = (float) Math.pow(2, power);
            for (int i = 0; i < 2000; i++) {
                float x = scale * (1 + i / 2000f);
                double expected = Math.log(x);
                assertThat(Math.abs(FloatMath.logOfSum(x) - expected))
                        .as("log %s", x)
                        .isLessThan(4e-7 * Math.max(1, expected));
            }
        }
        assertThat(FloatMath.logOfSum(1f)).isZero();
        assertThat(FloatMath.logOfSum(Float.MAX_VALUE)).isBetween(88.72283f, 88.72285f);
    }

    @Test
    void tanhKeepsItsBound() {
        assertRelativeError(FloatMath::tanh, Math::tanh, 1e-6f, 12f, 4e-7);
        assertRelativeError(FloatMath::tanh, Math::tanh, -1f, -1e-9f, 4e-7);
    }

    @Test
    void erfKeepsItsBound() {
        assertRelativeError(FloatMath::erf, Activation64::erf, 1e-6f, 6f, 5e-7);
        assertRelativeError(FloatMath::erf, Activation64::erf, -1f, -1e-9f, 5e-7);
    }

    @Test
    void oddFunctionsAreOddAndZeroAtZero() {
        for (float x = 0f; x < 12f; x += 0.01f) {
            assertThat(FloatMath.tanh(-x)).isEqualTo(-FloatMath.tanh(x));
            assertThat(FloatMath.erf(-x)).isEqualTo(-FloatMath.erf(x));
        }
        assertThat(FloatMath.tanh(0f)).isZero();
        assertThat(FloatMath.erf(0f)).isZero();
        assertThat(FloatMath.gelu(0f)).isZero();
        assertThat(FloatMath.geluTanh(0f)).isZero();
    }

    @Test
    void geluKeepsToTheExactForm() {
        assertAbsoluteError(FloatMath::gelu, Activation64::gelu, -10f, 10f, 1.5e-6);
        assertAbsoluteError(
                FloatMath::geluDerivative, Activation64::geluDerivative, -10f, 10f, 1.5e-6);
    }

    @Test
    void siluKeepsToItsForm() {
        assertAbsoluteError(FloatMath::silu, Activation64::silu, -20f, 20f, 2e-6);
        assertAbsoluteError(
                FloatMath::siluDerivative, Activation64::siluDerivative, -20f, 20f, 1e-6);
        for (float x : new float[] {61f, 100f, 1e10f}) {
            assertThat(FloatMath.silu(x)).isEqualTo(x);
            assertThat(FloatMath.siluDerivative(x)).isEqualTo(1f);
            assertThat(Math.abs(FloatMath.silu(-x))).isLessThan(2e-25f);
            assertThat(Math.abs(FloatMath.siluDerivative(-x))).isLessThan(1e-20f);
        }
    }

    @Test
    void geluTanhKeepsToItsForm() {
        assertAbsoluteError(FloatMath::geluTanh, Activation64::geluTanh, -10f, 10f, 1.5e-6);
        assertAbsoluteError(
                FloatMath::geluTanhDerivative, Activation64::geluTanhDerivative, -12f, 12f, 1.5e-6);
    }

    @Test
    void derivativesGoToZeroAndOne() {
        for (float x = 8f; x < 1e18f; x *= 1.7f) {
            assertThat(FloatMath.geluDerivative(x)).isEqualTo(1f);
            assertThat(Math.abs(FloatMath.geluDerivative(-x))).isLessThan(1e-7f);
            assertThat(FloatMath.geluTanhDerivative(x)).isEqualTo(1f);
            assertThat(Math.abs(FloatMath.geluTanhDerivative(-x))).isLessThan(1e-7f);
        }
    }

    @Test
    void valuesStayWithinTheirLimits() {
        for (int i = -POINTS; i <= POINTS; i++) {
            float x = i * 20f / POINTS;
            assertThat(FloatMath.erf(x)).isBetween(-1f, 1f);
            assertThat(Math.abs(FloatMath.tanh(x))).isLessThanOrEqualTo(1.0000004f);
        }
    }

    @Test
    void exponentialAndTanhRiseButForRounding() {
        float last = FloatMath.exp(-86f);
        float lastTanh = -1.0000004f;
        for (int i = 1; i <= POINTS; i++) {
            float x = -86f + 174f * i / POINTS;
            float value = FloatMath.exp(x);
            assertThat(value).isGreaterThanOrEqualTo(last * (1 - 5e-7f));
            float tanh = FloatMath.tanh(x / 10);
            assertThat(tanh).isGreaterThanOrEqualTo(lastTanh - 8e-7f);
            last = value;
            lastTanh = tanh;
        }
    }
}
