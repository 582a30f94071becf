package cglora.kernels.pooling;

import cglora.kernels.Kernel;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// One vector a sequence from the vectors of its tokens, and back. `x` is [batch · width, hidden],
/// `y` [batch, hidden], `lengths` [batch] the number of real tokens.
public final class PoolingKernels {
    public static final Kernel MEAN_POOL =
            Kernel.of(PoolingKernels.class, "meanPool").reads("x", "lengths").writes("y").build();
    public static final Kernel MEAN_POOL_GRADIENT =
            Kernel.of(PoolingKernels.class, "meanPoolGradient")
                    .reads("dy", "lengths")
                    .writes("dx")
                    .build();
    public static final Kernel CLS_POOL =
            Kernel.of(PoolingKernels.class, "clsPool").reads("x").writes("y").build();
    public static final Kernel CLS_POOL_GRADIENT =
            Kernel.of(PoolingKernels.class, "clsPoolGradient").reads("dy").writes("dx").build();
    public static final Kernel LAST_POOL =
            Kernel.of(PoolingKernels.class, "lastPool").reads("x", "lengths").writes("y").build();
    public static final Kernel LAST_POOL_GRADIENT =
            Kernel.of(PoolingKernels.class, "lastPoolGradient")
                    .reads("dy", "lengths")
                    .writes("dx")
                    .build();
    public static final Kernel TAKE_ROWS =
            Kernel.of(PoolingKernels.class, "takeRows").reads("x", "starts").writes("y").build();
    public static final Kernel TAKE_ROWS_GRADIENT =
            Kernel.of(PoolingKernels.class, "takeRowsGradient")
                    .reads("dy", "starts")
                    .writes("dx")
                    .build();
    public static final Kernel GATHER_ROWS =
            Kernel.of(PoolingKernels.class, "gatherRows").reads("x", "places").writes("y").build();
    public static final Kernel MASK_ROWS =
            Kernel.of(PoolingKernels.class, "maskRows").reads("x", "lengths").writes("y").build();

    private PoolingKernels() {}

    /// The mean over the real tokens; 0 for a sequence without tokens. The range is the sequences.
    public static void meanPool(
            int first,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int width,
            int hidden) {
        for (@Parallel int b = 0; b < count; b++) {
            int xAt = at[o] + (first + b) * width * hidden;
            int yAt = at[o + 2] + (first + b) * hidden;
            int length = lengths[at[o + 1] + first + b];
            float inverse = 1f / Math.max(length, 1);
            for (int i = 0; i < hidden; i++) {
                float sum = 0f;
                for (int t = 0; t < length; t++) {
                    sum += x[xAt + t * hidden + i];
                }
                y[yAt + i] = sum * inverse;
            }
        }
    }

    /// `dx = dy / length` at real tokens, 0 at padding. The range is the tokens.
    public static void meanPoolGradient(
            int first,
            int count,
            float[] dy,
            int[] lengths,
            float[] dx,
            int[] at,
            int o,
            int width,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int b = (first + r) / width;
            int dyAt = at[o] + b * hidden;
            int dxAt = at[o + 2] + (first + r) * hidden;
            int length = lengths[at[o + 1] + b];
            float scale = (first + r) % width < length ? 1f / Math.max(length, 1) : 0f;
            for (int i = 0; i < hidden; i++) {
                dx[dxAt + i] = scale * dy[dyAt + i];
            }
        }
    }

    /// The first token's vector. The range is the sequences.
    public static void clsPool(
            int first, int count, float[] x, float[] y, int[] at, int o, int width, int hidden) {
        for (@Parallel int b = 0; b < count; b++) {
            int xAt = at[o] + (first + b) * width * hidden;
            int yAt = at[o + 1] + (first + b) * hidden;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = x[xAt + i];
            }
        }
    }

    /// `dx = dy` at the first token of each sequence, 0 elsewhere. The range is the tokens.
    public static void clsPoolGradient(
            int first, int count, float[] dy, float[] dx, int[] at, int o, int width, int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int dyAt = at[o] + (first + r) / width * hidden;
            int dxAt = at[o + 1] + (first + r) * hidden;
            float scale = (first + r) % width == 0 ? 1f : 0f;
            for (int i = 0; i < hidden; i++) {
                dx[dxAt + i] = scale * dy[dyAt + i];
            }
        }
    }

    /// `y = x` at real tokens, 0 at padding. The range is the tokens.
    public static void maskRows(
            int first,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int width,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int xAt = at[o] + (first + r) * hidden;
            int yAt = at[o + 2] + (first + r) * hidden;
            int length = lengths[at[o + 1] + (first + r) / width];
            int real = (first + r) % width < length ? 1 : 0;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = real == 1 ? x[xAt + i] : 0f;
            }
        }
    }

    /// The last real token; 0 for a sequence without tokens. The range is the sequences.
    public static void lastPool(
            int first,
            int count,
            float[] x,
            int[] lengths,
            float[] y,
            int[] at,
            int o,
            int width,
            int hidden) {
        for (@Parallel int b = 0; b < count; b++) {
            int length = lengths[at[o + 1] + first + b];
            int xAt = at[o] + ((first + b) * width + Math.max(0, length - 1)) * hidden;
            int yAt = at[o + 2] + (first + b) * hidden;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = length > 0 ? x[xAt + i] : 0f;
            }
        }
    }

    /// `dx = dy` at the last real token, 0 elsewhere. The range is the tokens.
    public static void lastPoolGradient(
            int first,
            int count,
            float[] dy,
            int[] lengths,
            float[] dx,
            int[] at,
            int o,
            int width,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int b = (first + r) / width;
            int dyAt = at[o] + b * hidden;
            int dxAt = at[o + 2] + (first + r) * hidden;
            int last = lengths[at[o + 1] + b] - 1;
            int here = (first + r) % width;
            for (int i = 0; i < hidden; i++) {
                dx[dxAt + i] = here == last ? dy[dyAt + i] : 0f;
            }
        }
    }

    /// `y[b, t] = x[b, starts[b] + t]` for `t < taken`, 0 where there is no such token. The
    /// range is the rows of `y` [batch · taken, hidden].
    ///
    /// @param starts [batch], not negative
    public static void takeRows(
            int first,
            int count,
            float[] x,
            int[] starts,
            float[] y,
            int[] at,
            int o,
            int width,
            int taken,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int b = (first + r) / taken;
            int token = starts[at[o + 1] + b] + (first + r) % taken;
            int xAt = at[o] + (b * width + Math.min(token, width - 1)) * hidden;
            int yAt = at[o + 2] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = token < width ? x[xAt + i] : 0f;
            }
        }
    }

    /// `dx[b, starts[b] + t] = dy[b, t]`, 0 at tokens that were not taken. The range is the tokens.
    public static void takeRowsGradient(
            int first,
            int count,
            float[] dy,
            int[] starts,
            float[] dx,
            int[] at,
            int o,
            int width,
            int taken,
            int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int b = (first + r) / width;
            int t = (first + r) % width - starts[at[o + 1] + b];
            int place = Math.max(0, Math.min(t, taken - 1));
            int dyAt = at[o] + (b * taken + place) * hidden;
            int dxAt = at[o + 2] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                dx[dxAt + i] = t == place ? dy[dyAt + i] : 0f;
            }
        }
    }

    /// `y[r] = x[places[r]]`, 0 where the place is negative. The range is the rows of `y`.
    ///
    /// @param x      [rows, hidden]
    /// @param places [taken], below `rows` (checked on the host)
    /// @param y      [taken, hidden]
    public static void gatherRows(
            int first, int count, float[] x, int[] places, float[] y, int[] at, int o, int hidden) {
        for (@Parallel int r = 0; r < count; r++) {
            int place = places[at[o + 1] + first + r];
            int xAt = at[o] + Math.max(place, 0) * hidden;
            int yAt = at[o + 2] + (first + r) * hidden;
            for (int i = 0; i < hidden; i++) {
                y[yAt + i] = place < 0 ? 0f : x[xAt + i];
            }
        }
    }
}
