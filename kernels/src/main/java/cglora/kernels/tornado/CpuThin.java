package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// [ThinKernels] on a CPU device, by blocks: a device does the whole range, so that a product of
/// few rows is one like any other.
public final class CpuThin {
    private CpuThin() {}

    /// [ThinKernels#thinNT].
    public static void thinNT(
            KernelContext context,
            int count,
            float[] a,
            float[] b,
            float[] c,
            int[] at,
            int o,
            int rows,
            int n,
            int k,
            float alpha,
            int accumulate) {
        int cAt = at[o + 2];
        CpuProduct.product(
                context,
                rows,
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

    /// [ThinKernels#thinNTBias]: the bias is a matrix whose rows are all the same.
    public static void thinNTBias(
            KernelContext context,
            int count,
            float[] a,
            float[] b,
            float[] bias,
            float[] c,
            int[] at,
            int o,
            int rows,
            int n,
            int k) {
        CpuProduct.product(
                context, rows, n, k, a, at[o], k, 1, b, at[o + 1], 1, k, bias, at[o + 2], 0, c,
                at[o + 3], 1f, 1);
    }
}
