package cglora.kernels.engine;

import cglora.kernels.Kernel;
import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.activation.GatedKernels;
import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.matmul.ThinKernels;
import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.normalization.RmsNormKernels;
import cglora.kernels.optimizer.OptimizerKernels;
import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.storage.Bfloat16Kernels;
import cglora.kernels.storage.Bfloat16ThinKernels;
import cglora.kernels.whitening.WhiteningKernels;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.List;

/// Another method for the same kernel, with the same arguments and the same meaning, that is
/// faster on this processor: products through OpenBLAS, row reductions through the Vector API.
///
/// @param kernel what it stands for
/// @param handle the method
record HostVariant(Kernel kernel, MethodHandle handle) {

    /// @throws IllegalArgumentException when the method's arguments are not the kernel's
    static HostVariant of(Kernel kernel, Class<?> holder) {
        var method =
                Arrays.stream(holder.getDeclaredMethods())
                        .filter(m -> m.getName().equals(kernel.name()))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                holder.getSimpleName() + " has no " + kernel));
        try {
            MethodHandle handle = MethodHandles.lookup().unreflect(method);
            if (!handle.type().equals(kernel.handle().type())) {
                throw new IllegalArgumentException(
                        kernel
                                + ": the variant takes "
                                + handle.type()
                                + ", the kernel "
                                + kernel.handle().type());
            }
            return new HostVariant(kernel, handle);
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException(kernel.name(), e);
        }
    }

    static List<HostVariant> all() {
        return List.of(
                of(MatmulKernels.MATMUL_NN, MatmulVariants.class),
                of(MatmulKernels.MATMUL_NT, MatmulVariants.class),
                of(MatmulKernels.MATMUL_TN, MatmulVariants.class),
                of(MatmulKernels.MATMUL_NT_BIAS, MatmulVariants.class),
                of(ThinKernels.THIN_NT, ThinVariants.class),
                of(ThinKernels.THIN_NT_BIAS, ThinVariants.class),
                of(LowRankKernels.LOW_RANK_MERGE, LowRankVariants.class),
                of(LowRankKernels.LOW_RANK_UPDATE, LowRankVariants.class),
                of(LowRankKernels.LOW_RANK_BACK_PROJECT, LowRankVariants.class),
                of(LowRankKernels.LOW_RANK_GRADIENT_B, LowRankVariants.class),
                of(LowRankKernels.LORA_BACKWARD, LowRankVariants.class),
                of(LowRankKernels.LORA_GRADIENTS, LowRankVariants.class),
                of(WhiteningKernels.GRAM_INTO, MatmulVariants.class),
                of(AttentionKernels.ATTENTION_FORWARD, AttentionVariants.class),
                of(AttentionKernels.ATTENTION_GRADIENT, AttentionVariants.class),
                of(BiasedAttentionKernels.BIASED_ATTENTION, BiasedAttentionVariants.class),
                of(BiasedAttentionKernels.QUERY_GRADIENT, BiasedAttentionVariants.class),
                of(BiasedAttentionKernels.KEY_GRADIENT, BiasedAttentionVariants.class),
                of(LayerNormKernels.LAYER_NORM, VectorVariants.class),
                of(LayerNormKernels.RESIDUAL_LAYER_NORM, VectorVariants.class),
                of(LayerNormKernels.LAYER_NORM_GRADIENT, VectorVariants.class),
                of(LayerNormKernels.LAYER_NORM_GAIN_GRADIENT, ColumnVariants.class),
                of(RmsNormKernels.RMS_NORM, RmsNormVariants.class),
                of(RmsNormKernels.RMS_NORM_GRADIENT, RmsNormVariants.class),
                of(RmsNormKernels.RMS_NORM_GAIN_GRADIENT, RmsNormVariants.class),
                of(ActivationKernels.BIAS_GELU, VectorVariants.class),
                of(ActivationKernels.BIAS_GELU_GRADIENT, VectorVariants.class),
                of(GatedKernels.GATED_SILU, GatedVariants.class),
                of(GatedKernels.GATED_SILU_GRADIENT, GatedVariants.class),
                of(EmbeddingKernels.EMBEDDING_GRADIENT, ColumnVariants.class),
                of(ReductionKernels.COLUMN_SUM, ColumnVariants.class),
                of(ReductionKernels.SQUARES, VectorVariants.class),
                of(PoolingKernels.MEAN_POOL, ColumnVariants.class),
                of(Bfloat16Kernels.WIDEN_BFLOAT16, Bfloat16Variants.class),
                of(Bfloat16ThinKernels.BFLOAT16_THIN_NT, Bfloat16ThinVariants.class),
                of(Bfloat16ThinKernels.BFLOAT16_THIN_NT_BIAS, Bfloat16ThinVariants.class),
                of(OptimizerKernels.ADAM_W, ElementVariants.class));
    }
}
