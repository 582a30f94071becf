package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/// The factors that one adapted layer starts from, as PEFT stores them.
///
/// @param loraA        [r, in], row-major
/// @param loraB        [out, r], row-major
/// @param base         what becomes of `W`
/// @param zeroGradient whether the gradient that the factors should come from was zero; both
///     are zero then and would never train: the caller starts the module as plain LoRA and says
///     so
public record LoraFactors(float[] loraA, float[] loraB, Base base, boolean zeroGradient) {
    public LoraFactors {
        requireNonNull(loraA, "loraA");
        requireNonNull(loraB, "loraB");
        requireNonNull(base, "base");
    }

    public LoraFactors(float[] loraA, float[] loraB, Base base) {
        this(loraA, loraB, base, false);
    }

    static LoraFactors ofZeroGradient(LayerShape shape, Base base) {
        return new LoraFactors(
                new float[shape.r() * shape.in()], new float[shape.out() * shape.r()], base, true);
    }

    /// The factors of `η` times the product, each scaled by `√η`: what an initializer gives for
    /// `η` when these are the ones for 1. Factors of the stable scale have no step to shorten.
    ///
    /// @param eta `η ≥ 0`
    public LoraFactors withStepSize(double eta) {
        if (!(eta >= 0) || Double.isInfinite(eta)) {
            throw new IllegalArgumentException("step size " + eta + ", expected a number ≥ 0");
        }
        double root = Math.sqrt(eta);
        return new LoraFactors(scaled(loraA, root), scaled(loraB, root), base, zeroGradient);
    }

    /// The first `rank` rows of `A` and columns of `B`.
    ///
    /// @param in  columns of `A`
    /// @param out rows of `B`
    public LoraFactors truncated(int in, int out, int rank) {
        int r = loraA.length / in;
        if (rank == r) {
            return this;
        }
        float[] b = new float[out * rank];
        for (int i = 0; i < out; i++) {
            System.arraycopy(loraB, i * r, b, i * rank, rank);
        }
        return new LoraFactors(Arrays.copyOf(loraA, rank * in), b, base, zeroGradient);
    }

    private static float[] scaled(float[] values, double factor) {
        float[] result = new float[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (values[i] * factor);
        }
        return result;
    }
}
