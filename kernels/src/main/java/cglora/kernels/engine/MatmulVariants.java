package cglora.kernels.engine;

/// Products of whole matrices by OpenBLAS, one thread a call: the engine's threads share the rows.
final class MatmulVariants {
    private MatmulVariants() {}

    static void matmulNN(
            int first,
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
        OpenBlas.get()
                .sgemm(
                        false,
                        false,
                        count,
                        n,
                        k,
                        alpha,
                        a,
                        at[o] + first * k,
                        k,
                        b,
                        at[o + 1],
                        n,
                        accumulate,
                        c,
                        at[o + 2] + first * n,
                        n);
    }

    static void matmulNT(
            int first,
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
        OpenBlas.get()
                .sgemm(
                        false,
                        true,
                        count,
                        n,
                        k,
                        alpha,
                        a,
                        at[o] + first * k,
                        k,
                        b,
                        at[o + 1],
                        k,
                        accumulate,
                        c,
                        at[o + 2] + first * n,
                        n);
    }

    static void matmulTN(
            int first,
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
        OpenBlas.get()
                .sgemm(
                        true,
                        false,
                        count,
                        n,
                        k,
                        alpha,
                        a,
                        at[o] + first,
                        m,
                        b,
                        at[o + 1],
                        n,
                        accumulate,
                        c,
                        at[o + 2] + first * n,
                        n);
    }

    /// Every row starts as the bias.
    static void matmulNTBias(
            int first,
            int count,
            float[] a,
            float[] b,
            float[] bias,
            float[] c,
            int[] at,
            int o,
            int n,
            int k) {
        for (int i = first; i < first + count; i++) {
            System.arraycopy(bias, at[o + 2], c, at[o + 3] + i * n, n);
        }
        OpenBlas.get()
                .sgemm(
                        false,
                        true,
                        count,
                        n,
                        k,
                        1f,
                        a,
                        at[o] + first * k,
                        k,
                        b,
                        at[o + 1],
                        k,
                        1f,
                        c,
                        at[o + 3] + first * n,
                        n);
    }

    static void gramInto(
            int first,
            int count,
            float[] x,
            float[] gram,
            int[] at,
            int o,
            int rows,
            int n,
            float alpha) {
        OpenBlas.get()
                .sgemm(
                        true,
                        false,
                        count,
                        n,
                        rows,
                        alpha,
                        x,
                        at[o] + first,
                        n,
                        x,
                        at[o],
                        n,
                        1f,
                        gram,
                        at[o + 1] + first * n,
                        n);
    }
}
