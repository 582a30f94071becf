package cglora.kernels.engine;

import cglora.kernels.attention.AttentionMask;
import cglora.kernels.engine.AttentionTiles.Head;
import cglora.kernels.engine.AttentionTiles.Numbers;
import cglora.kernels.engine.AttentionTiles.Rows;
import cglora.kernels.engine.AttentionTiles.Sight;
import java.util.Arrays;

/// Attention head by head in [AttentionTiles], and only the real tokens of each sequence.
final class AttentionVariants {
    /// The packed dimensions of a launch.
    private record Sizes(
            int heads, int width, int headSize, int keyHeads, int keyWidth, AttentionMask mask) {
        static Sizes of(int[] at, int from) {
            return new Sizes(
                    at[from],
                    at[from + 1],
                    at[from + 2],
                    at[from + 3],
                    at[from + 4],
                    new AttentionMask(
                            AttentionMask.Queries.values()[at[from + 5]],
                            at[from + 6] == 1,
                            at[from + 7]));
        }

        int hidden() {
            return heads * headSize;
        }

        int keyHidden() {
            return keyHeads * headSize;
        }

        /// Head `h` of the queries of sequence `b`.
        Rows queries(float[] elements, int at, int b, int h) {
            return new Rows(elements, at + b * width * hidden() + h * headSize, hidden());
        }

        /// The keys of head `h` of sequence `b`; `h` counts the queries' heads.
        Rows keys(float[] elements, int at, int b, int h) {
            int of = h / (heads / keyHeads) * headSize;
            return new Rows(elements, at + b * keyWidth * keyHidden() + of, keyHidden());
        }

        /// Rows of queries that are looked at: those behind are padding.
        int rows(int keys) {
            if (keys == 0) {
                return 0;
            }
            return mask.queries() == AttentionMask.Queries.OWN ? Math.min(width, keys) : width;
        }

        Sight sight(int keys) {
            return new Sight(
                    keys,
                    mask.queries() == AttentionMask.Queries.LAST ? keys - width : 0,
                    mask.queries() != AttentionMask.Queries.OTHERS,
                    mask.causal(),
                    mask.window(),
                    null,
                    0);
        }
    }

    private AttentionVariants() {}

    static void attentionForward(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            int[] at,
            int o,
            float scale) {
        Sizes s = Sizes.of(at, o + 6);
        int width = s.width();
        if (first % width != 0 || count % width != 0) {
            throw new IllegalArgumentException(
                    "range " + first + " + " + count + " cuts a head of " + width + " rows");
        }
        AttentionTiles tiles = AttentionTiles.get();
        for (int pair = first / width; pair < (first + count) / width; pair++) {
            int b = pair / s.heads();
            int h = pair % s.heads();
            int keys = Math.min(s.keyWidth(), lengths[at[o + 3] + b]);
            int rows = s.rows(keys);
            Rows result = s.queries(out, at[o + 4], b, h);
            int lseAt = at[o + 5] + pair * width;
            tiles.forward(
                    new Head(
                            rows,
                            s.headSize(),
                            scale,
                            s.sight(keys),
                            s.queries(q, at[o], b, h),
                            s.keys(k, at[o + 1], b, h),
                            s.keys(v, at[o + 2], b, h)),
                    result,
                    new Numbers(lse, lseAt));
            result.zero(rows, width, s.headSize());
            Arrays.fill(lse, lseAt + rows, lseAt + width, 0f);
        }
    }

    static void attentionGradient(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] dk,
            float[] dv,
            int[] at,
            int o,
            float scale) {
        Sizes s = Sizes.of(at, o + 10);
        int group = s.heads() / s.keyHeads();
        var delta = new Numbers(new float[s.width()], 0);
        AttentionTiles tiles = AttentionTiles.get();
        for (int pair = first; pair < first + count; pair++) {
            int b = pair / s.keyHeads();
            int firstHead = pair % s.keyHeads() * group;
            int keys = Math.min(s.keyWidth(), lengths[at[o + 3] + b]);
            int rows = s.rows(keys);
            Rows ofKeys = s.keys(dk, at[o + 8], b, firstHead);
            Rows ofValues = s.keys(dv, at[o + 9], b, firstHead);
            ofKeys.zero(0, s.keyWidth(), s.headSize());
            ofValues.zero(0, s.keyWidth(), s.headSize());
            for (int h = firstHead; h < firstHead + group; h++) {
                var head =
                        new Head(
                                rows,
                                s.headSize(),
                                scale,
                                s.sight(keys),
                                s.queries(q, at[o], b, h),
                                s.keys(k, at[o + 1], b, h),
                                s.keys(v, at[o + 2], b, h));
                Rows ofOutput = s.queries(dout, at[o + 6], b, h);
                Rows ofQueries = s.queries(dq, at[o + 7], b, h);
                AttentionTiles.delta(head, ofOutput, s.queries(out, at[o + 4], b, h), delta);
                var rowSums = new Numbers(lse, at[o + 5] + (b * s.heads() + h) * s.width());
                tiles.gradient(head, ofOutput, rowSums, delta, ofQueries, ofKeys, ofValues);
                ofQueries.zero(rows, s.width(), s.headSize());
            }
        }
    }
}
