package cglora.kernels.engine;

/// Products with the factors of adapters by OpenBLAS, one thread a call: the engine's threads share
/// the rows.
final class LowRankVariants {
    private LowRankVariants() {}

    static void lowRankMerge(
            int first,
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
        System.arraycopy(w, at[o] + first * in, merged, at[o + 3] + first * in, count * in);
        OpenBlas.get()
                .sgemm(
                        false,
                        false,
                        count,
                        in,
                        r,
                        scaling,
                        loraB,
                        at[o + 1] + first * r,
                        r,
                        loraA,
                        at[o + 2],
                        in,
                        1f,
                        merged,
                        at[o + 3] + first * in,
                        in);
    }

    static void lowRankUpdate(
            int first,
            int count,
            float[] u,
            float[] loraB,
            float[] y,
            int[] at,
            int o,
            int out,
            int r,
            float scaling) {
        OpenBlas.get()
                .sgemm(
                        false,
                        true,
                        count,
                        out,
                        r,
                        scaling,
                        u,
                        at[o] + first * r,
                        r,
                        loraB,
                        at[o + 1],
                        r,
                        1f,
                        y,
                        at[o + 2] + first * out,
                        out);
    }

    static void lowRankBackProject(
            int first,
            int count,
            float[] dy,
            float[] loraB,
            float[] v,
            int[] at,
            int o,
            int out,
            int r,
            float scaling) {
        OpenBlas.get()
                .sgemm(
                        false,
                        false,
                        count,
                        r,
                        out,
                        scaling,
                        dy,
                        at[o] + first * out,
                        out,
                        loraB,
                        at[o + 1],
                        r,
                        0f,
                        v,
                        at[o + 2] + first * r,
                        r);
    }

    static void lowRankGradientB(
            int first,
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
        OpenBlas.get()
                .sgemm(
                        true,
                        false,
                        count,
                        r,
                        rows,
                        scaling,
                        dy,
                        at[o] + first,
                        out,
                        u,
                        at[o + 1],
                        r,
                        0f,
                        db,
                        at[o + 2] + first * r,
                        r);
    }

    static void loraBackward(
            int first,
            int count,
            float[] x,
            float[] loraA,
            float[] dy,
            float[] loraB,
            float[] w,
            float[] u,
            float[] v,
            float[] merged,
            int[] at,
            int o,
            int r,
            float scaling) {
        int rows = at[o + 8];
        int in = at[o + 9];
        int out = at[o + 10];
        int thin = Math.clamp(rows - first, 0, count);
        if (thin > 0) {
            OpenBlas.get()
                    .sgemm(
                            false,
                            true,
                            thin,
                            r,
                            in,
                            1f,
                            x,
                            at[o] + first * in,
                            in,
                            loraA,
                            at[o + 1],
                            in,
                            0f,
                            u,
                            at[o + 5] + first * r,
                            r);
            OpenBlas.get()
                    .sgemm(
                            false,
                            false,
                            thin,
                            r,
                            out,
                            scaling,
                            dy,
                            at[o + 2] + first * out,
                            out,
                            loraB,
                            at[o + 3],
                            r,
                            0f,
                            v,
                            at[o + 6] + first * r,
                            r);
        }
        if (count > thin) {
            int row = first + thin - rows;
            int length = (count - thin) * in;
            System.arraycopy(w, at[o + 4] + row * in, merged, at[o + 7] + row * in, length);
            OpenBlas.get()
                    .sgemm(
                            false,
                            false,
                            count - thin,
                            in,
                            r,
                            scaling,
                            loraB,
                            at[o + 3] + row * r,
                            r,
                            loraA,
                            at[o + 1],
                            in,
                            1f,
                            merged,
                            at[o + 7] + row * in,
                            in);
        }
    }

    static void loraGradients(
            int first,
            int count,
            float[] v,
            float[] x,
            float[] u,
            float[] dy,
            float[] da,
            float[] db,
            int[] at,
            int o,
            int r,
            float scaling) {
        int rows = at[o + 6];
        int in = at[o + 7];
        int out = at[o + 8];
        int columns = Math.clamp(in - first, 0, count);
        if (columns > 0) {
            OpenBlas.get()
                    .sgemm(
                            true,
                            false,
                            r,
                            columns,
                            rows,
                            1f,
                            v,
                            at[o],
                            r,
                            x,
                            at[o + 1] + first,
                            in,
                            0f,
                            da,
                            at[o + 4] + first,
                            in);
        }
        if (count > columns) {
            int row = first + columns - in;
            OpenBlas.get()
                    .sgemm(
                            true,
                            false,
                            count - columns,
                            r,
                            rows,
                            scaling,
                            dy,
                            at[o + 3] + row,
                            out,
                            u,
                            at[o + 2],
                            r,
                            0f,
                            db,
                            at[o + 5] + row * r,
                            r);
        }
    }
}
