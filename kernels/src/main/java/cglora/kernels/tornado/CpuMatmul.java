package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// [MatmulKernels] on a CPU device, by blocks.
public final class CpuMatmul {
    private CpuMatmul() {}

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
            int accumulate) {
        int cAt = at[o + 2];
        CpuProduct.product(
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
                n,
                c,
                cAt,
                alpha,
                accumulate);
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
            int accumulate) {
        int cAt = at[o + 2];
        CpuProduct.product(
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
                n,
                c,
                cAt,
                alpha,
                accumulate);
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
            int accumulate) {
        int cAt = at[o + 2];
        CpuProduct.product(
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
                n,
                c,
                cAt,
                alpha,
                accumulate);
    }

    /// [MatmulKernels#matmulNTBias]: the bias is a matrix whose rows are all the same.
    public static void matmulNTBias(
            KernelContext context,
            int count,
            float[] a,
            float[] b,
            float[] bias,
            float[] c,
            int[] at,
            int o,
            int n,
            int k) {
        CpuProduct.product(
                context, count, n, k, a, at[o], k, 1, b, at[o + 1], 1, k, bias, at[o + 2], 0, c,
                at[o + 3], 1f, 1);
    }
}
