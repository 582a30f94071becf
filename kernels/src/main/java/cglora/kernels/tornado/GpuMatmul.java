package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// [MatmulKernels] and the Gram matrix of [WhiteningKernels] on a GPU, by blocks; `side` is that
/// of [GpuProduct].
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
                n,
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
                n,
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
                n,
                c,
                cAt,
                alpha,
                accumulate,
                side);
    }

    /// [WhiteningKernels#gramInto].
    public static void gramInto(
            KernelContext context,
            int count,
            float[] x,
            float[] gram,
            int[] at,
            int o,
            int rows,
            int n,
            float alpha,
            int side) {
        int xAt = at[o];
        int gramAt = at[o + 1];
        GpuProduct.product(
                context, count, n, rows, x, xAt, 1, n, x, xAt, n, 1, gram, gramAt, n, gram, gramAt,
                alpha, 1, side);
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
            int k,
            int side) {
        GpuProduct.product(
                context, count, n, k, a, at[o], k, 1, b, at[o + 1], 1, k, bias, at[o + 2], 0, c,
                at[o + 3], 1f, 1, side);
    }
}
