package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// [LowRankKernels], and the Gram matrix of [WhiteningKernels], as products by blocks.
public final class CpuLowRank {
    private CpuLowRank() {}

    /// [LowRankKernels#lowRankMerge].
    public static void lowRankMerge(
            KernelContext context,
            int count,
            float[] w,
            float[] loraB,
            float[] loraA,
            float[] merged,
            int[] at,
            int o,
            int in,
            int r,
            float scaling) {
        int wAt = at[o];
        int bAt = at[o + 1];
        int aAt = at[o + 2];
        int mergedAt = at[o + 3];
        CpuProduct.product(
                context, count, in, r, loraB, bAt, r, 1, loraA, aAt, in, 1, w, wAt, in, merged,
                mergedAt, scaling, 1);
    }

    /// [LowRankKernels#lowRankUpdate].
    public static void lowRankUpdate(
            KernelContext context,
            int count,
            float[] u,
            float[] loraB,
            float[] y,
            int[] at,
            int o,
            int out,
            int r,
            float scaling) {
        int uAt = at[o];
        int bAt = at[o + 1];
        int yAt = at[o + 2];
        CpuProduct.product(
                context, count, out, r, u, uAt, r, 1, loraB, bAt, 1, r, y, yAt, out, y, yAt,
                scaling, 1);
    }

    /// [LowRankKernels#lowRankBackProject].
    public static void lowRankBackProject(
            KernelContext context,
            int count,
            float[] dy,
            float[] loraB,
            float[] v,
            int[] at,
            int o,
            int out,
            int r,
            float scaling) {
        int dyAt = at[o];
        int bAt = at[o + 1];
        int vAt = at[o + 2];
        CpuProduct.product(
                context, count, r, out, dy, dyAt, out, 1, loraB, bAt, r, 1, v, vAt, r, v, vAt,
                scaling, 0);
    }

    /// [LowRankKernels#lowRankGradientB].
    public static void lowRankGradientB(
            KernelContext context,
            int count,
            float[] dy,
            float[] u,
            float[] db,
            int[] at,
            int o,
            int rows,
            int out,
            int r,
            float scaling) {
        int dyAt = at[o];
        int uAt = at[o + 1];
        int dbAt = at[o + 2];
        CpuProduct.product(
                context, count, r, rows, dy, dyAt, 1, out, u, uAt, r, 1, db, dbAt, r, db, dbAt,
                scaling, 0);
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
            float alpha) {
        int xAt = at[o];
        int gramAt = at[o + 1];
        CpuProduct.product(
                context, count, n, rows, x, xAt, 1, n, x, xAt, n, 1, gram, gramAt, n, gram, gramAt,
                alpha, 1);
    }
}
