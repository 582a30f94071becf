package cglora.kernels.engine;

import cglora.kernels.attention.AttentionMask;
import cglora.kernels.engine.AttentionTiles.Head;
import cglora.kernels.engine.AttentionTiles.Numbers;
import cglora.kernels.engine.AttentionTiles.Rows;
import cglora.kernels.engine.AttentionTiles.Sight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Attention head by head in [AttentionTiles], and only the real tokens of each sequence. Where a
/// row holds several sequences each is a head of its own: what the mask hides between them is not
/// computed, and the result is that of rows that hold one.
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
                            at[from + 7],
                            at[from + 8] == 1));
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

        /// The sequences of row `b`, in their order.
        ///
        /// @param marks lengths, or where the sequence of each token begins
        List<Part> parts(int[] marks, int at, int b) {
            if (!mask.packed()) {
                int keys = Math.min(keyWidth, marks[at + b]);
                return List.of(new Part(0, rows(keys), keys));
            }
            var parts = new ArrayList<Part>();
            int row = at + b * width;
            for (int from = 0; from < width && marks[row + from] == from; ) {
                int to = from + 1;
                while (to < width && marks[row + to] == from) {
                    to++;
                }
                parts.add(new Part(from, to - from, to - from));
                from = to;
            }
            return parts;
        }

        /// Rows of queries that are looked at: those behind are padding.
        private int rows(int keys) {
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

    /// A sequence, or its part of a row.
    ///
    /// @param from its first query, and its first key
    /// @param rows its queries
    /// @param keys its keys
    private record Part(int from, int rows, int keys) {}

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
            Rows result = s.queries(out, at[o + 4], b, h);
            int lseAt = at[o + 5] + pair * width;
            int done = 0;
            for (Part part : s.parts(lengths, at[o + 3], b)) {
                int from = part.from();
                tiles.forward(
                        new Head(
                                part.rows(),
                                s.headSize(),
                                scale,
                                s.sight(part.keys()),
                                s.queries(q, at[o], b, h).from(from),
                                s.keys(k, at[o + 1], b, h).from(from),
                                s.keys(v, at[o + 2], b, h).from(from)),
                        result.from(from),
                        new Numbers(lse, lseAt + from));
                done = from + part.rows();
            }
            result.zero(done, width, s.headSize());
            Arrays.fill(lse, lseAt + done, lseAt + width, 0f);
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
            List<Part> parts = s.parts(lengths, at[o + 3], b);
            Rows ofKeys = s.keys(dk, at[o + 8], b, firstHead);
            Rows ofValues = s.keys(dv, at[o + 9], b, firstHead);
            ofKeys.zero(0, s.keyWidth(), s.headSize());
            ofValues.zero(0, s.keyWidth(), s.headSize());
            for (int h = firstHead; h < firstHead + group; h++) {
                Rows ofQueries = s.queries(dq, at[o + 7], b, h);
                int lseAt = at[o + 5] + (b * s.heads() + h) * s.width();
                int done = 0;
                for (Part part : parts) {
                    int from = part.from();
                    var head =
                            new Head(
                                    part.rows(),
                                    s.headSize(),
                                    scale,
                                    s.sight(part.keys()),
                                    s.queries(q, at[o], b, h).from(from),
                                    s.keys(k, at[o + 1], b, h).from(from),
                                    s.keys(v, at[o + 2], b, h).from(from));
                    Rows ofOutput = s.queries(dout, at[o + 6], b, h).from(from);
                    Rows output = s.queries(out, at[o + 4], b, h).from(from);
                    AttentionTiles.delta(head, ofOutput, output, delta);
                    tiles.gradient(
                            head,
                            ofOutput,
                            new Numbers(lse, lseAt + from),
                            delta,
                            ofQueries.from(from),
                            ofKeys.from(from),
                            ofValues.from(from));
                    done = from + part.rows();
                }
                ofQueries.zero(done, s.width(), s.headSize());
            }
        }
    }
}
