package cglora.kernels.math;

/// Transcendental functions for kernels: branch-free float arithmetic that the JVM's compiler
/// vectorises and that every device computes without float64 (`(float) Math.exp(x)` would need it).
///
/// The coefficients are our own fits: Lawson-weighted least squares on the relative error over
/// Chebyshev points, rational in x² for the odd functions, a polynomial for exp.
public final class FloatMath {
    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final float SQRT_HALF = 0.70710678f;
    private static final float INVERSE_SQRT_2_PI = 0.39894228f;
    private static final float SQRT_2_OVER_PI = 0.79788456f;

    private FloatMath() {}

    /// `e^x`, relative error below 2.5e-7 for |x| ≤ 86; 0 below -86, `e^88` above 88.
    ///
    /// The power of two is put together from the bits of its exponent, by multiplications that
    /// are exact, because float bits cannot be reinterpreted inside a device kernel.
    public static float exp(float x) {
        float clamped = Math.max(-86f, Math.min(88f, x));
        int shifted = (int) (clamped * LOG2_E + 125.5f);
        float n = shifted - 125;
        float t = clamped - n * LN2_HIGH - n * LN2_LOW;
        float p = 0.0013836632f;
        p = p * t + 0.008374981f;
        p = p * t + 0.04166824f;
        p = p * t + 0.16666418f;
        p = p * t + 0.4999999f;
        p = p * t + 1f;
        p = p * t + 1f;
        // 2^-125, or with the highest bit 2^3: no product of any of these factors, in whatever
        // order a device's compiler takes them, overflows or leaves the normal range
        p = p * (2.3509887e-38f + 8f * ((shifted >> 7) & 1));
        p = p * (1f + (shifted & 1));
        p = p * (1f + 3f * ((shifted >> 1) & 1));
        p = p * (1f + 15f * ((shifted >> 2) & 1));
        p = p * (1f + 255f * ((shifted >> 3) & 1));
        p = p * (1f + 65535f * ((shifted >> 4) & 1));
        p = p * (1f + 4.2949673e9f * ((shifted >> 5) & 1));
        p = p * (1f + 1.8446744e19f * ((shifted >> 6) & 1));
        return x < -86f ? 0f : p;
    }

    /// The bfloat16 of these 16 bits, exactly, but that a device may take 0 for a number below the
    /// normal range; infinity for what is not finite. Put together as in [#exp].
    public static float bfloat16(int bits) {
        int exponent = (bits >> 7) & 0xFF;
        int fraction = bits & 0x7F;
        int shifted = Math.max(exponent, 1) - 1;
        float p = 0.0078125f * (exponent == 0 ? fraction : 128 + fraction);
        p = p * (1.17549435e-38f + 4f * ((shifted >> 7) & 1));
        p = p * (1f + (shifted & 1));
        p = p * (1f + 3f * ((shifted >> 1) & 1));
        p = p * (1f + 15f * ((shifted >> 2) & 1));
        p = p * (1f + 255f * ((shifted >> 3) & 1));
        p = p * (1f + 65535f * ((shifted >> 4) & 1));
        p = p * (1f + 4.2949673e9f * ((shifted >> 5) & 1));
        p = p * (1f + 1.8446744e19f * ((shifted >> 6) & 1));
        return (bits & 0x8000) == 0 ? p : -p;
    }

    /// `√x`, relative error below 2.4e-7 for x from 1e-37 to 3e38, 0 below; `(float) Math.sqrt(x)`
    /// would need float64 on a device. Exact powers of four bring `x` into [1, 4), where a
    /// polynomial approximates `1/√x`; one of Newton's steps improves it, one of Heron's the root.
    public static float sqrt(float x) {
        float m = Math.max(1e-37f, Math.min(3e38f, x));
        float s = 1f;
        while (m < 1.5258789e-5f) {
            m = m * 65536f;
            s = s * 0.00390625f;
        }
        while (m < 1f) {
            m = m * 4f;
            s = s * 0.5f;
        }
        while (m >= 65536f) {
            m = m * 1.5258789e-5f;
            s = s * 256f;
        }
        while (m >= 4f) {
            m = m * 0.25f;
            s = s * 2f;
        }
        float r = -0.01905037f;
        r = r * m + 0.19468541f;
        r = r * m - 0.7388624f;
        r = r * m + 1.5561867f;
        r = r * (1.5f - 0.5f * m * r * r);
        float y = m * r;
        y = y + 0.5f * r * (m - y * y);
        return x < 1e-37f ? 0f : s * y;
    }

    /// Natural logarithm of `x` ≥ 1, as sums of exponentials are; absolute error below 4e-7 times
    /// the larger of 1 and the result. Halves `x` by exact powers of two, then uses the series of
    /// `2 · atanh((m - 1)/(m + 1))`.
    public static float logOfSum(float x) {
        float m = x;
        float e = 0f;
        e = m >= 1.8446744e19f ? e + 64f : e;
        m = m >= 1.8446744e19f ? m * 5.421011e-20f : m;
        e = m >= 4.2949673e9f ? e + 32f : e;
        m = m >= 4.2949673e9f ? m * 2.3283064e-10f : m;
        e = m >= 65536f ? e + 16f : e;
        m = m >= 65536f ? m * 1.5258789e-5f : m;
        e = m >= 256f ? e + 8f : e;
        m = m >= 256f ? m * 0.00390625f : m;
        e = m >= 16f ? e + 4f : e;
        m = m >= 16f ? m * 0.0625f : m;
        e = m >= 4f ? e + 2f : e;
        m = m >= 4f ? m * 0.25f : m;
        e = m >= 2f ? e + 1f : e;
        m = m >= 2f ? m * 0.5f : m;
        if (m > 1.4142135f) {
            m = m * 0.5f;
            e = e + 1f;
        }
        float s = (m - 1f) / (m + 1f);
        float t = s * s;
        float series = 0.11111111f;
        series = series * t + 0.14285715f;
        series = series * t + 0.2f;
        series = series * t + 0.33333334f;
        series = series * t + 1f;
        return e * 0.69314718f + 2f * s * series;
    }

    /// `tanh(x)`, relative error below 4e-7.
    public static float tanh(float x) {
        float c = Math.max(-8f, Math.min(8f, x));
        float t = c * c;
        float p = 1.5230615e-8f;
        p = p * t + 2.1894812e-5f;
        p = p * t + 0.0035716074f;
        p = p * t + 0.13444506f;
        p = p * t + 1f;
        float q = 8.52253e-7f;
        q = q * t + 3.411307e-4f;
        q = q * t + 0.02616448f;
        q = q * t + 0.46777833f;
        q = q * t + 1f;
        return c * p / q;
    }

    /// `erf(x)`, relative error below 5e-7.
    public static float erf(float x) {
        float c = Math.max(-3.92f, Math.min(3.92f, x));
        float t = c * c;
        float p = 2.0501068e-6f;
        p = p * t + 2.848766e-4f;
        p = p * t + 0.0037654047f;
        p = p * t + 0.05274807f;
        p = p * t + 0.19040172f;
        p = p * t + 1.1283791f;
        float q = 3.8091595e-5f;
        q = q * t + 0.0011624814f;
        q = q * t + 0.014968794f;
        q = q * t + 0.114107125f;
        q = q * t + 0.50207186f;
        q = q * t + 1f;
        return Math.max(-1f, Math.min(1f, c * p / q));
    }

    /// `x · Φ(x)`: the exact GELU (Hendrycks and Gimpel, arXiv 1606.08415).
    public static float gelu(float x) {
        return 0.5f * x * (1f + erf(x * SQRT_HALF));
    }

    /// The derivative of [#gelu]: `Φ(x) + x · φ(x)`.
    public static float geluDerivative(float x) {
        return 0.5f * (1f + erf(x * SQRT_HALF)) + x * INVERSE_SQRT_2_PI * exp(-0.5f * x * x);
    }

    /// GELU in its tanh form (`gelu_new`, `gelu_pytorch_tanh` in Hugging Face configs).
    public static float geluTanh(float x) {
        return 0.5f * x * (1f + tanh(SQRT_2_OVER_PI * (x + 0.044715f * x * x * x)));
    }

    /// The derivative of [#geluTanh]. With `u` the argument of the hyperbolic tangent and
    /// `e = exp(-2|u|)`, `1 − tanh²(u)` is `4e / (1 + e)²`, which goes to 0 as it should:
    /// `1 − t²` of a rounded `t` does not, and is multiplied by `x³`.
    public static float geluTanhDerivative(float x) {
        float c = Math.max(-10f, Math.min(10f, x));
        float argument = SQRT_2_OVER_PI * (c + 0.044715f * c * c * c);
        float slope = SQRT_2_OVER_PI * (1f + 0.134145f * c * c);
        float e = exp(-2f * Math.abs(argument));
        float inverse = 1f / (1f + e);
        return (c >= 0f ? inverse : e * inverse) + 2f * c * slope * e * inverse * inverse;
    }

    /// `x · σ(x)` with `σ` the logistic function: SiLU, or Swish (Ramachandran et al., arXiv
    /// 1710.05941).
    public static float silu(float x) {
        return x / (1f + exp(-x));
    }

    /// The derivative of [#silu]: `σ(x) · (1 + x · σ(−x))`. Below −60 it is as good as 0, and no
    /// product may overflow, in whatever order a device takes them.
    public static float siluDerivative(float x) {
        float c = Math.max(-60f, Math.min(60f, x));
        float e = exp(-c);
        float sigma = 1f / (1f + e);
        return sigma * (1f + c * e * sigma);
    }
}
