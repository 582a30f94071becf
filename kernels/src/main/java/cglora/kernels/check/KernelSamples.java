package cglora.kernels.check;

import cglora.kernels.Kernel;
import java.util.List;
import java.util.stream.Stream;

/// Samples of all kernels.
public final class KernelSamples {
    private static final List<KernelSample> ALL =
            Stream.of(
                            ProductSamples.all(),
                            ThinSamples.all(),
                            AttentionSamples.all(),
                            BiasedAttentionSamples.all(),
                            ChoiceSamples.all(),
                            ActivationSamples.all(),
                            LayerNormSamples.all(),
                            PoolingSamples.all(),
                            EmbeddingSamples.all(),
                            RmsNormSamples.all(),
                            DecoderSamples.all(),
                            ElementSamples.all(),
                            StorageSamples.all())
                    .flatMap(List::stream)
                    .toList();

    private KernelSamples() {}

    public static List<KernelSample> all() {
        return ALL;
    }

    public static List<KernelSample> of(Kernel kernel) {
        return ALL.stream().filter(sample -> sample.kernel() == kernel).toList();
    }
}
