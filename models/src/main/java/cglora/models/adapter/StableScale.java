package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import java.util.Set;

/// The directions of another initializer at LoRA-GA's stable scale (Wang, Yu and Li, arXiv
/// 2407.05000): every row of `A` and every column of `B` that is not zero has the length
/// `out^¼ / √16`, so that neither forward nor backward depends on width or rank. How far one step
/// of AdamW moves the product follows from these lengths.
///
/// The product is no longer what the initializer made of it. Where it is not zero it is taken off
/// the base, so that the function at the start is the pretrained one.
///
/// @param of gives the directions
public record StableScale(AdapterInitializer of) implements AdapterInitializer {
    /// LoRA-GA's γ.
    private static final double GAMMA = 16;

    public StableScale {
        requireNonNull(of, "of");
    }

    /// The length of a row of `A` and of a column of `B`.
    static double length(int out) {
        return Math.pow(out, 0.25) / Math.sqrt(GAMMA);
    }

    @Override
    public Set<Need> needs() {
        return of.needs();
    }

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        LoraFactors factors = of.initialize(shape, statistics, seed);
        if (factors.zeroGradient()) {
            return factors;
        }
        float[] a = factors.loraA().clone();
        float[] b = factors.loraB().clone();
        double length = length(shape.out());
        boolean product = false;
        for (int i = 0; i < shape.r(); i++) {
            boolean row = equalize(a, i * shape.in(), 1, shape.in(), length);
            boolean column = equalize(b, i, shape.r(), shape.out(), length);
            product |= row && column;
        }
        return new LoraFactors(a, b, product ? Base.SHIFTED : factors.base());
    }

    /// Gives one vector its length.
    ///
    /// @return false for a vector of zeros, which stays
    private static boolean equalize(
            float[] values, int first, int stride, int count, double length) {
        double squares = 0;
        for (int i = 0; i < count; i++) {
            double value = values[first + i * stride];
            squares += value * value;
        }
        if (squares == 0) {
            return false;
        }
        double factor = length / Math.sqrt(squares);
        for (int i = 0; i < count; i++) {
            values[first + i * stride] *= (float) factor;
        }
        return true;
    }
}
