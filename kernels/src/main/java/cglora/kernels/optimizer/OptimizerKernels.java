package cglora.kernels.optimizer;

import cglora.kernels.Kernel;
import cglora.kernels.math.FloatMath;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101) over flat arrays of
/// parameters, and the clipping of the gradient by its global norm.
public final class OptimizerKernels {
    public static final Kernel CLIP_BY_NORM =
            Kernel.of(OptimizerKernels.class, "clipByNorm").reads("sums").writes("clip").build();
    public static final Kernel ADAM_W =
            Kernel.of(OptimizerKernels.class, "adamW")
                    .reads("gradient", "hyper", "clip")
                    .updates("parameter", "m", "v")
                    .build();

    private OptimizerKernels() {}

    /// `clip[0]` is the norm of the gradient, `clip[1] = min(1, maxNorm / (norm + 1e-6))` what to
    /// multiply it by, as PyTorch's `clip_grad_norm_` does. The range is 1.
    ///
    /// @param sums    [blocks] sums of squares
    /// @param clip    [2]
    /// @param maxNorm no clipping where it is 0
    public static void clipByNorm(
            int first,
            int count,
            float[] sums,
            float[] clip,
            int[] at,
            int o,
            int blocks,
            float maxNorm) {
        for (@Parallel int d = 0; d < count; d++) {
            float total = 0f;
            for (int b = 0; b < blocks; b++) {
                total += sums[at[o] + b];
            }
            float norm = FloatMath.sqrt(total);
            clip[at[o + 1] + first + d] = norm;
            float scale = maxNorm > 0f ? Math.min(1f, maxNorm / (norm + 1e-6f)) : 1f;
            clip[at[o + 1] + first + d + 1] = scale;
        }
    }

    /// One AdamW step: `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `p ← p − lr·decay·p −
    /// lr · (m/c₁) / (√(v/c₂) + eps)`, with `g = clip[1] · gradient`. The range is the elements.
    ///
    /// @param gradient  [n]
    /// @param hyper     [6] learning rate, β₁, β₂, eps, c₁ = 1 − β₁ᵗ, c₂ = 1 − β₂ᵗ
    /// @param clip      [2] what [#clipByNorm] gave
    /// @param parameter [n]
    /// @param m         [n] first moment
    /// @param v         [n] second moment
    /// @param rateScale the group's learning rate over the common one
    /// @param decay     the group's weight decay
    public static void adamW(
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
        for (@Parallel int i = 0; i < count; i++) {
            int hyperAt = at[o + 1];
            float rate = rateScale * hyper[hyperAt];
            float beta1 = hyper[hyperAt + 1];
            float beta2 = hyper[hyperAt + 2];
            float g = clip[at[o + 2] + 1] * gradient[at[o] + first + i];
            float first1 = beta1 * m[at[o + 4] + first + i] + (1f - beta1) * g;
            float second = beta2 * v[at[o + 5] + first + i] + (1f - beta2) * g * g;
            m[at[o + 4] + first + i] = first1;
            v[at[o + 5] + first + i] = second;
            float denominator = FloatMath.sqrt(second / hyper[hyperAt + 5]) + hyper[hyperAt + 3];
            float p = parameter[at[o + 3] + first + i];
            parameter[at[o + 3] + first + i] =
                    p - rate * decay * p - rate * (first1 / hyper[hyperAt + 4]) / denominator;
        }
    }
}
