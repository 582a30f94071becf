package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.program.Launch;
import java.util.List;
import java.util.function.Function;

/// The variants for GPUs and the work sizes of their launches. No work group has more than 256
/// work items or takes more than 16 KiB of local memory.
///
/// The elementwise kernels, AdamW and the dropouts among them, have none: one work item an element
/// with neighbouring elements side by side is what their own methods already are on a GPU.
final class GpuVariants {
    static final List<DeviceVariant> ALL =
            List.of(
                    product(MatmulKernels.MATMUL_NN, 0),
                    product(MatmulKernels.MATMUL_NT, 0),
                    product(MatmulKernels.MATMUL_TN, 1),
                    product(MatmulKernels.MATMUL_NT_BIAS, 0));

    private GpuVariants() {}

    /// @param columns which scalar is the number of the result's columns
    private static DeviceVariant product(Kernel kernel, int columns) {
        return some(
                kernel,
                GpuMatmul.class,
                l -> GpuProduct.grid(l.count(), (Integer) l.scalars().get(columns)));
    }

    /// Any launch fits that has something to do.
    private static DeviceVariant some(Kernel kernel, Class<?> holder, Function<Launch, Grid> grid) {
        return DeviceVariant.of(kernel, DeviceKind.GPU, holder, l -> l.count() > 0, grid);
    }
}
