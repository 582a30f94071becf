package cglora.models.graph;

import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.matmul.ThinKernels;
import cglora.kernels.program.Launch;

/// Launches of `a · bᵀ`: threads share the rows of `a` or, where these are few, those of `b`.
final class ProductLaunch {
    private ProductLaunch() {}

    /// `c = alpha · a · bᵀ`, added to `c` where `accumulate` is 1.
    ///
    /// @param a [rows, k]
    /// @param b [n, k]
    /// @param c [rows, n]
    static Launch of(Tensor a, Tensor b, Tensor c, float alpha, int accumulate) {
        int rows = a.shape().rows();
        int n = b.shape().rows();
        int k = a.shape().last();
        Launch launch =
                isThin(rows)
                        ? Launch.of(
                                ThinKernels.THIN_NT,
                                n,
                                a.buffer(),
                                b.buffer(),
                                c.buffer(),
                                rows,
                                n,
                                k,
                                alpha,
                                accumulate)
                        : Launch.of(
                                MatmulKernels.MATMUL_NT,
                                rows,
                                a.buffer(),
                                b.buffer(),
                                c.buffer(),
                                n,
                                k,
                                alpha,
                                accumulate);
        return launch.withOperations(2L * rows * n * k);
    }

    /// `c = a · bᵀ + bias`.
    ///
    /// @param bias [n]
    static Launch biased(Tensor a, Tensor b, Tensor bias, Tensor c) {
        int rows = a.shape().rows();
        int n = b.shape().rows();
        int k = a.shape().last();
        Launch launch =
                isThin(rows)
                        ? Launch.of(
                                ThinKernels.THIN_NT_BIAS,
                                n,
                                a.buffer(),
                                b.buffer(),
                                bias.buffer(),
                                c.buffer(),
                                rows,
                                n,
                                k)
                        : Launch.of(
                                MatmulKernels.MATMUL_NT_BIAS,
                                rows,
                                a.buffer(),
                                b.buffer(),
                                bias.buffer(),
                                c.buffer(),
                                n,
                                k);
        return launch.withOperations(2L * rows * n * k);
    }

    private static boolean isThin(int rows) {
        return rows <= ThinKernels.MOST_ROWS;
    }
}
