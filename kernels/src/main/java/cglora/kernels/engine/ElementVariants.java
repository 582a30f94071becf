package cglora.kernels.engine;

/// Elementwise kernels whose loop the JVM's compiler vectorises when it may use the processor's
/// square root.
final class ElementVariants {
    private ElementVariants() {}

    static void adamW(
            int first,
            int count,
            float[] gradient,
            float[] hyper,
            float[] clip,
            float[] parameter,
            float[] m,
            float[] v,
            int[] at,
            int o,
            float rateScale,
            float decay) {
        float rate = rateScale * hyper[at[o + 1]];
        float beta1 = hyper[at[o + 1] + 1];
        float beta2 = hyper[at[o + 1] + 2];
        float eps = hyper[at[o + 1] + 3];
        float correction1 = hyper[at[o + 1] + 4];
        float correction2 = hyper[at[o + 1] + 5];
        float scale = clip[at[o + 2] + 1];
        int gradientAt = at[o];
        int parameterAt = at[o + 3];
        int mAt = at[o + 4];
        int vAt = at[o + 5];
        for (int i = first; i < first + count; i++) {
            float g = scale * gradient[gradientAt + i];
            float m1 = beta1 * m[mAt + i] + (1f - beta1) * g;
            float v1 = beta2 * v[vAt + i] + (1f - beta2) * g * g;
            m[mAt + i] = m1;
            v[vAt + i] = v1;
            float p = parameter[parameterAt + i];
            float denominator = (float) Math.sqrt(v1 / correction2) + eps;
            parameter[parameterAt + i] =
                    p - rate * decay * p - rate * (m1 / correction1) / denominator;
        }
    }
}
