package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// [MatmulKernels] on a GPU, by blocks; `side` is that of [GpuProduct].
public final class GpuMatmul {
    private GpuMatmul() {}

    /// [MatmulKernels#matmulNN].
    public static void matmulNN(
            KernelContext context,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int n,
            int k,
            float alpha,
            int accumulate,
            int side) {
        int cAt = at[o + 2];
        GpuProduct.product(
                context,
                count,
                n,
                k,
                a,
                at[o],
                k,
                1,
                b,
                at[o + 1],
                n,
                1,
                c,
                cAt,
                c,
                cAt,
                alpha,
                accumulate,
                side);
    }

    /// [MatmulKernels#matmulNT].
    public static void matmulNT(
            KernelContext context,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int n,
            int k,
            float alpha,
            int accumulate,
            int side) {
        int cAt = at[o + 2];
        GpuProduct.product(
                context,
                count,
                n,
                k,
                a,
                at[o],
                k,
                1,
                b,
                at[o + 1],
                1,
                k,
                c,
                cAt,
                c,
                cAt,
                alpha,
                accumulate,
                side);
    }

    /// [MatmulKernels#matmulTN].
    public static void matmulTN(
            KernelContext context,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int m,
            int n,
            int k,
            float alpha,
            int accumulate,
            int side) {
        int cAt = at[o + 2];
        GpuProduct.product(
                context,
                count,
                n,
                k,
                a,
                at[o],
                1,
                m,
                b,
                at[o + 1],
                n,
                1,
                c,
                cAt,
                c,
                cAt,
                alpha,
                accumulate,
                side);
    }
}
