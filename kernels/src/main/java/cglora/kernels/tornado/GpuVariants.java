package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import cglora.kernels.activation.ActivationKernels;
import cglora.kernels.activation.GatedKernels;
import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.loss.LossKernels;
import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.matmul.ThinKernels;
import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.normalization.RmsNormKernels;
import cglora.kernels.optimizer.OptimizerKernels;
import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.storage.Bfloat16ThinKernels;
import cglora.kernels.whitening.WhiteningKernels;
import java.util.List;
import java.util.function.Function;

/// The variants for GPUs and the work sizes of their launches, in the sizes of a device's profile.
/// No work group has more than 256 work items or takes more than 20 KiB of local memory.
///
/// AdamW, dropout and the other kernels whose range is the elements have none: their own methods
/// are already one work item an element, neighbours side by side, in the profile's work groups. So
/// AdamW reads four numbers and writes three an element in whole lines, with some twenty
/// operations for these 28 bytes: memory alone limits it, and no element is used twice, so that
/// local memory has nothing to hold. Loads of two or four at once need vectors over TornadoVM's own
/// arrays, which the arenas are not.
final class GpuVariants {
    /// Shorter rows, those of the few classes of a classifier, get one work item each.
    private static final int SHORTEST_ROW = 32;

    private final GpuSizes sizes;

    private GpuVariants(GpuSizes sizes) {
        this.sizes = sizes;
    }

    static List<DeviceVariant> of(GpuSizes sizes) {
        return new GpuVariants(sizes).all();
    }

    private List<DeviceVariant> all() {
        return List.of(
                product(MatmulKernels.MATMUL_NN, GpuMatmul.class, 0),
                product(MatmulKernels.MATMUL_NT, GpuMatmul.class, 0),
                product(MatmulKernels.MATMUL_TN, GpuMatmul.class, 1),
                product(MatmulKernels.MATMUL_NT_BIAS, GpuMatmul.class, 0),
                few(ThinKernels.THIN_NT),
                few(ThinKernels.THIN_NT_BIAS),
                words(Bfloat16ThinKernels.BFLOAT16_THIN_NT),
                words(Bfloat16ThinKernels.BFLOAT16_THIN_NT_BIAS),
                product(WhiteningKernels.GRAM_INTO, GpuMatmul.class, 1),
                product(LowRankKernels.LOW_RANK_MERGE, GpuLowRank.class, 0),
                product(LowRankKernels.LOW_RANK_UPDATE, GpuLowRank.class, 0),
                thin(LowRankKernels.LOW_RANK_BACK_PROJECT, l -> blocks(l.count(), scalar(l, 1))),
                thin(LowRankKernels.LOW_RANK_GRADIENT_B, l -> blocks(l.count(), scalar(l, 2))),
                thin(LowRankKernels.LORA_BACKWARD, this::backward),
                thin(LowRankKernels.LORA_GRADIENTS, this::gradients),
                heads(AttentionKernels.ATTENTION_FORWARD),
                heads(AttentionKernels.ATTENTION_GRADIENT),
                biased(BiasedAttentionKernels.BIASED_ATTENTION, this::queries),
                biased(BiasedAttentionKernels.QUERY_GRADIENT, this::queries),
                biased(BiasedAttentionKernels.KEY_GRADIENT, this::keys),
                biased(BiasedAttentionKernels.BIAS_GRADIENT, this::distances),
                rows(AttentionKernels.SOFTMAX_ROWS, GpuRows.class, 0),
                rows(LayerNormKernels.LAYER_NORM, GpuRows.class, 0),
                rows(LayerNormKernels.RESIDUAL_LAYER_NORM, GpuRows.class, 0),
                rows(LayerNormKernels.LAYER_NORM_GRADIENT, GpuRows.class, 0),
                rows(RmsNormKernels.RMS_NORM, GpuRmsNorm.class, 0),
                rows(RmsNormKernels.RMS_NORM_GRADIENT, GpuRmsNorm.class, 0),
                rows(LossKernels.CROSS_ENTROPY, GpuRows.class, 0),
                rows(LossKernels.CROSS_ENTROPY_GRADIENT, GpuElements.class, 0),
                rows(ActivationKernels.BIAS_GELU, GpuElements.class, 0),
                rows(ActivationKernels.BIAS_GELU_GRADIENT, GpuElements.class, 0),
                rows(ActivationKernels.BIAS_GELU_TANH, GpuElements.class, 0),
                rows(ActivationKernels.BIAS_GELU_TANH_GRADIENT, GpuElements.class, 0),
                rows(ActivationKernels.BIAS_RELU, GpuElements.class, 0),
                rows(ActivationKernels.BIAS_RELU_GRADIENT, GpuElements.class, 0),
                rows(ActivationKernels.TANH_FORWARD, GpuElements.class, 0),
                rows(ActivationKernels.TANH_GRADIENT, GpuElements.class, 0),
                rows(EmbeddingKernels.EMBEDDING_SUM, GpuElements.class, 0),
                rows(EmbeddingKernels.EMBEDDING_PAIR, GpuElements.class, 0),
                rows(EmbeddingKernels.EMBEDDING_ROWS, GpuDecoder.class, 0),
                rows(GatedKernels.GATED_SILU, GpuDecoder.class, 0),
                rows(GatedKernels.GATED_SILU_GRADIENT, GpuDecoder.class, 0),
                rows(PoolingKernels.MEAN_POOL, GpuElements.class, 1),
                rows(PoolingKernels.MEAN_POOL_GRADIENT, GpuElements.class, 1),
                rows(PoolingKernels.CLS_POOL, GpuElements.class, 1),
                rows(PoolingKernels.CLS_POOL_GRADIENT, GpuElements.class, 1),
                rows(PoolingKernels.MASK_ROWS, GpuElements.class, 1),
                rows(WhiteningKernels.NEWTON_SCHULZ_FACTOR, GpuElements.class, 0),
                columns(ReductionKernels.COLUMN_SUM, GpuSums.class),
                columns(LayerNormKernels.LAYER_NORM_GAIN_GRADIENT, GpuSums.class),
                columns(RmsNormKernels.RMS_NORM_GAIN_GRADIENT, GpuRmsNorm.class),
                sums(ReductionKernels.SQUARES),
                sums(ReductionKernels.DOT),
                sums(OptimizerKernels.CLIP_BY_NORM));
    }

    /// @param columns which scalar is the number of the result's columns
    private DeviceVariant product(Kernel kernel, Class<?> holder, int columns) {
        int side = sizes.productSide();
        return DeviceVariant.of(
                kernel,
                DeviceKind.GPU,
                holder,
                List.of(side),
                l -> l.count() > 0,
                l -> GpuProduct.grid(l.count(), scalar(l, columns), side));
    }

    /// A product of few rows: the range is its columns, the first scalar its rows.
    private DeviceVariant few(Kernel kernel) {
        int side = sizes.productSide();
        return DeviceVariant.of(
                kernel,
                DeviceKind.GPU,
                GpuThin.class,
                List.of(side),
                l -> l.count() > 0,
                l -> GpuProduct.grid(scalar(l, 0), l.count(), side));
    }

    /// @param blocks number of blocks, one a work group
    private DeviceVariant thin(Kernel kernel, Function<Launch, Integer> blocks) {
        int side = sizes.productSide();
        return some(
                kernel,
                GpuLowRank.class,
                l -> new Grid(Math.max(1, blocks.apply(l)) * side, side, side, side));
    }

    private int blocks(int rows, int columns) {
        return GpuLowRank.blocks(rows, columns, sizes.productSide());
    }

    private int backward(Launch launch) {
        int rows = launch.packed().get(0);
        return 2 * blocks(rows, scalar(launch, 0))
                + blocks(launch.count() - rows, launch.packed().get(1));
    }

    private int gradients(Launch launch) {
        int r = scalar(launch, 0);
        return blocks(r, launch.packed().get(1)) + blocks(launch.packed().get(2), r);
    }

    /// @param length which scalar is the length of the rows
    private DeviceVariant rows(Kernel kernel, Class<?> holder, int length) {
        return DeviceVariant.of(
                kernel,
                DeviceKind.GPU,
                holder,
                List.of(),
                l -> l.count() > 0 && scalar(l, length) >= SHORTEST_ROW,
                l -> sizes.rows(l.count()));
    }

    private DeviceVariant heads(Kernel kernel) {
        boolean forward = kernel == AttentionKernels.ATTENTION_FORWARD;
        return attention(kernel, GpuAttention.class, 2, forward ? this::forward : this::gradient);
    }

    /// The range is the query rows of all heads.
    private int forward(Launch launch) {
        int width = launch.packed().get(1);
        return launch.count() / width * attentionBlocks(launch, 2, width);
    }

    /// The range is the heads of the keys; then come the blocks of queries.
    private int gradient(Launch launch) {
        List<Integer> packed = launch.packed();
        int sharing = packed.get(0) / packed.get(3);
        int ofKeys = attentionBlocks(launch, 2, packed.get(4));
        return launch.count() * (ofKeys + sharing * attentionBlocks(launch, 2, packed.get(1)));
    }

    /// @param blocks number of blocks, one a work group
    private DeviceVariant biased(Kernel kernel, Function<Launch, Integer> blocks) {
        return attention(kernel, GpuBiasedAttention.class, 3, blocks);
    }

    /// The range is the rows of queries of all heads.
    private int queries(Launch launch) {
        int queries = launch.packed().get(1);
        return launch.count() / queries * attentionBlocks(launch, 3, queries);
    }

    /// The range is the rows of keys of all heads.
    private int keys(Launch launch) {
        int keys = launch.packed().get(2);
        return launch.count() / keys * attentionBlocks(launch, 3, keys);
    }

    /// The range is the distances of all heads; a block of them is as long as one of queries.
    private int distances(Launch launch) {
        int heads = launch.packed().get(0);
        return heads * attentionBlocks(launch, 3, launch.count() / heads);
    }

    /// @param headSize which packed dimension is the size of a head
    private int attentionBlocks(Launch launch, int headSize, int length) {
        int size = launch.packed().get(headSize);
        return Grid.blocks(length, GpuAttention.rows(size, sizes.attentionSide()));
    }

    /// @param headSize which packed dimension is the size of a head
    /// @param blocks   number of blocks, one a work group
    private DeviceVariant attention(
            Kernel kernel, Class<?> holder, int headSize, Function<Launch, Integer> blocks) {
        int side = sizes.attentionSide();
        boolean square = kernel == BiasedAttentionKernels.BIAS_GRADIENT;
        return DeviceVariant.of(
                kernel,
                DeviceKind.GPU,
                holder,
                List.of(),
                l ->
                        l.count() > 0
                                && GpuAttention.fits(l.packed().get(headSize), side)
                                && GpuAttention.LOCAL_BYTES <= sizes.localMemory(),
                l -> {
                    int size = l.packed().get(headSize);
                    int wide = square ? GpuAttention.rows(size, side) : side;
                    return GpuAttention.grid(blocks.apply(l), size, side, wide);
                });
    }

    /// The range is the rows of words.
    private DeviceVariant words(Kernel kernel) {
        return some(
                kernel, GpuBfloat16Thin.class, l -> GpuBfloat16Thin.grid(l.count(), sizes.items()));
    }

    private DeviceVariant columns(Kernel kernel, Class<?> holder) {
        return some(kernel, holder, l -> GpuSums.columns(l.count(), sizes.items()));
    }

    private DeviceVariant sums(Kernel kernel) {
        return some(kernel, GpuSums.class, l -> sizes.rows(l.count()));
    }

    /// Any launch fits that has something to do.
    private static DeviceVariant some(Kernel kernel, Class<?> holder, Function<Launch, Grid> grid) {
        return DeviceVariant.of(
                kernel, DeviceKind.GPU, holder, List.of(), l -> l.count() > 0, grid);
    }

    private static int scalar(Launch launch, int index) {
        return (Integer) launch.scalars().get(index);
    }
}
