package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import java.util.Set;
import java.util.function.DoubleSupplier;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.ZigguratSampler;
import org.apache.commons.rng.simple.RandomSource;

/// LoRA's own start: `A` random, `B = 0`, so that the function is the pretrained one. Source:
/// Hu et al., arXiv 2106.09685; the distributions are PEFT's.
///
/// @param distribution of the entries of `A`
public record LoraInitializer(Distribution distribution) implements AdapterInitializer {
    /// Of the entries of `A`.
    public enum Distribution {
        /// Uniform on ±1/√in: Kaiming-uniform with a = √5, `√(6 / ((1 + 5) · in))`. PEFT's
        /// default.
        KAIMING_UNIFORM,
        /// Normal with standard deviation 1/r.
        GAUSSIAN
    }

    public LoraInitializer {
        requireNonNull(distribution, "distribution");
    }

    public LoraInitializer() {
        this(Distribution.KAIMING_UNIFORM);
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        UniformRandomProvider random = RandomSource.XO_SHI_RO_256_PP.create(seed);
        DoubleSupplier entry =
                switch (distribution) {
                    case KAIMING_UNIFORM -> {
                        double bound = 1 / Math.sqrt(shape.in());
                        yield () -> bound * (2 * random.nextDouble() - 1);
                    }
                    case GAUSSIAN -> {
                        var normal = ZigguratSampler.NormalizedGaussian.of(random);
                        yield () -> normal.sample() / shape.r();
                    }
                };
        float[] loraA = new float[shape.r() * shape.in()];
        for (int i = 0; i < loraA.length; i++) {
            loraA[i] = (float) entry.getAsDouble();
        }
        return new LoraFactors(loraA, new float[shape.out() * shape.r()], Base.KEPT);
    }
}
