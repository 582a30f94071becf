package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.loss.LossKernels;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.optimizer.OptimizerKernels;
import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import java.util.List;
import java.util.function.Function;

/// The variants for GPUs and the work sizes of their launches, in the sizes of a device's profile.
/// No work group has more than 256 work items or takes more than 20 KiB of local memory.
///
/// AdamW, dropout and the other kernels whose range is the elements have none: one work item an
/// element, neighbours side by side, is what their own methods are on a GPU, in the profile's work
/// groups.
final class GpuVariants {
    /// Rows of fewer elements are left to one work item each.
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
                product(MatmulKernels.MATMUL_NN, 0),
                product(MatmulKernels.MATMUL_NT, 0),
                product(MatmulKernels.MATMUL_TN, 1),
                rows(LayerNormKernels.LAYER_NORM),
                rows(LayerNormKernels.RESIDUAL_LAYER_NORM),
                rows(LayerNormKernels.LAYER_NORM_GRADIENT),
                rows(AttentionKernels.SOFTMAX_ROWS),
                rows(LossKernels.CROSS_ENTROPY),
                columns(ReductionKernels.COLUMN_SUM),
                columns(LayerNormKernels.LAYER_NORM_GAIN_GRADIENT),
                sums(ReductionKernels.SQUARES),
                sums(ReductionKernels.DOT),
                sums(OptimizerKernels.CLIP_BY_NORM));
    }

    /// @param columns which scalar is the number of the result's columns
    private DeviceVariant product(Kernel kernel, int columns) {
        int side = sizes.productSide();
        return DeviceVariant.of(
                kernel,
                DeviceKind.GPU,
                GpuMatmul.class,
                List.of(side),
                l -> l.count() > 0,
                l -> GpuProduct.grid(l.count(), scalar(l, columns), side));
    }

    /// The kernel's first scalar is the length of its rows.
    private DeviceVariant rows(Kernel kernel) {
        return DeviceVariant.of(
                kernel,
                DeviceKind.GPU,
                GpuRows.class,
                List.of(),
                l -> l.count() > 0 && scalar(l, 0) >= SHORTEST_ROW,
                l -> sizes.rows(l.count()));
    }

    private DeviceVariant columns(Kernel kernel) {
        return some(kernel, GpuSums.class, l -> GpuSums.columns(l.count(), sizes.items()));
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
