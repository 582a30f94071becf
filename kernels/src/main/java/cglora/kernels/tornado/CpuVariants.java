package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.matmul.ThinKernels;
import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.program.Launch;
import cglora.kernels.storage.Bfloat16ThinKernels;
import cglora.kernels.whitening.WhiteningKernels;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/// The variants for CPU devices and the work sizes of their launches.
final class CpuVariants {
    static final List<DeviceVariant> ALL =
            List.of(
                    product(MatmulKernels.MATMUL_NN, CpuMatmul.class, l -> scalar(l, 0)),
                    product(MatmulKernels.MATMUL_NT, CpuMatmul.class, l -> scalar(l, 0)),
                    product(MatmulKernels.MATMUL_TN, CpuMatmul.class, l -> scalar(l, 1)),
                    product(MatmulKernels.MATMUL_NT_BIAS, CpuMatmul.class, l -> scalar(l, 0)),
                    any(ThinKernels.THIN_NT, CpuThin.class, CpuVariants::thin),
                    any(ThinKernels.THIN_NT_BIAS, CpuThin.class, CpuVariants::thin),
                    words(Bfloat16ThinKernels.BFLOAT16_THIN_NT),
                    words(Bfloat16ThinKernels.BFLOAT16_THIN_NT_BIAS),
                    product(LowRankKernels.LOW_RANK_MERGE, CpuLowRank.class, l -> scalar(l, 0)),
                    product(LowRankKernels.LOW_RANK_UPDATE, CpuLowRank.class, l -> scalar(l, 0)),
                    product(
                            LowRankKernels.LOW_RANK_BACK_PROJECT,
                            CpuLowRank.class,
                            l -> scalar(l, 1)),
                    product(
                            LowRankKernels.LOW_RANK_GRADIENT_B,
                            CpuLowRank.class,
                            l -> scalar(l, 2)),
                    any(LowRankKernels.LORA_BACKWARD, CpuLora.class, CpuLora::backward),
                    any(LowRankKernels.LORA_GRADIENTS, CpuLora.class, CpuLora::gradients),
                    product(WhiteningKernels.GRAM_INTO, CpuLowRank.class, l -> scalar(l, 1)),
                    rows(ActivationKernels.BIAS_GELU, CpuRows.class),
                    rows(ActivationKernels.BIAS_GELU_GRADIENT, CpuRows.class),
                    rows(ActivationKernels.BIAS_GELU_TANH, CpuRows.class),
                    rows(ActivationKernels.BIAS_GELU_TANH_GRADIENT, CpuRows.class),
                    wholeRows(AttentionKernels.SOFTMAX_ROWS, CpuRows.class),
                    wholeRows(LayerNormKernels.LAYER_NORM, CpuRows.class),
                    wholeRows(LayerNormKernels.RESIDUAL_LAYER_NORM, CpuRows.class),
                    wholeRows(LayerNormKernels.LAYER_NORM_GRADIENT, CpuRows.class),
                    heads(AttentionKernels.ATTENTION_FORWARD),
                    heads(AttentionKernels.ATTENTION_GRADIENT),
                    biased(BiasedAttentionKernels.BIASED_ATTENTION, 1),
                    biased(BiasedAttentionKernels.QUERY_GRADIENT, 1),
                    biased(BiasedAttentionKernels.KEY_GRADIENT, 2),
                    some(
                            BiasedAttentionKernels.BIAS_GRADIENT,
                            CpuBiasedAttention.class,
                            l -> l.packed().get(3) <= CpuAttention.LARGEST_HEAD,
                            l -> Grid.groups(Math.max(1, l.packed().get(0)), 1)));

    private CpuVariants() {}

    private static DeviceVariant product(
            Kernel kernel, Class<?> holder, Function<Launch, Integer> columns) {
        return any(kernel, holder, l -> CpuProduct.grid(l.count(), columns.apply(l)));
    }

    /// The range is the columns, the first scalar the rows.
    private static Grid thin(Launch launch) {
        return CpuProduct.grid(scalar(launch, 0), launch.count());
    }

    private static DeviceVariant rows(Kernel kernel, Class<?> holder) {
        return any(kernel, holder, l -> CpuRows.grid(l.count()));
    }

    /// The kernel's first scalar is the length of its rows.
    private static DeviceVariant wholeRows(Kernel kernel, Class<?> holder) {
        return some(
                kernel, holder, l -> scalar(l, 0) <= CpuRows.LONGEST, l -> CpuRows.grid(l.count()));
    }

    private static DeviceVariant heads(Kernel kernel) {
        return some(
                kernel,
                CpuAttention.class,
                l -> l.packed().get(2) <= CpuAttention.LARGEST_HEAD,
                l -> Grid.groups(CpuAttention.heads(l), 1));
    }

    /// The range is the rows of all heads.
    ///
    /// @param rows which packed dimension is the rows of a head
    private static DeviceVariant biased(Kernel kernel, int rows) {
        return some(
                kernel,
                CpuBiasedAttention.class,
                l -> l.packed().get(3) <= CpuAttention.LARGEST_HEAD,
                l -> Grid.groups(Math.max(1, l.count() / l.packed().get(rows)), 1));
    }

    /// The range is the rows of words.
    private static DeviceVariant words(Kernel kernel) {
        return any(
                kernel,
                CpuBfloat16Thin.class,
                l -> Grid.groups(Grid.blocks(l.count(), CpuBfloat16Thin.WORDS), 1));
    }

    private static DeviceVariant any(Kernel kernel, Class<?> holder, Function<Launch, Grid> grid) {
        return some(kernel, holder, l -> true, grid);
    }

    private static DeviceVariant some(
            Kernel kernel, Class<?> holder, Predicate<Launch> fits, Function<Launch, Grid> grid) {
        return DeviceVariant.of(kernel, DeviceKind.CPU, holder, List.of(), fits, grid);
    }

    private static int scalar(Launch launch, int index) {
        return (Integer) launch.scalars().get(index);
    }
}
