package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.program.Launch;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/// The variants for CPU devices and the work sizes of their launches.
final class CpuVariants {
    static final List<DeviceVariant> ALL =
            List.of(
                    product(MatmulKernels.MATMUL_NN, CpuMatmul.class, l -> scalar(l, 0)),
                    product(MatmulKernels.MATMUL_NT, CpuMatmul.class, l -> scalar(l, 0)),
                    product(MatmulKernels.MATMUL_TN, CpuMatmul.class, l -> scalar(l, 1)));

    private CpuVariants() {}

    private static DeviceVariant product(
            Kernel kernel, Class<?> holder, Function<Launch, Integer> columns) {
        return any(kernel, holder, l -> CpuProduct.grid(l.count(), columns.apply(l)));
    }

    private static DeviceVariant any(Kernel kernel, Class<?> holder, Function<Launch, Grid> grid) {
        return some(kernel, holder, l -> true, grid);
    }

    private static DeviceVariant some(
            Kernel kernel, Class<?> holder, Predicate<Launch> fits, Function<Launch, Grid> grid) {
        return DeviceVariant.of(kernel, DeviceKind.CPU, holder, fits, grid);
    }

    private static int scalar(Launch launch, int index) {
        return (Integer) launch.scalars().get(index);
    }
}
