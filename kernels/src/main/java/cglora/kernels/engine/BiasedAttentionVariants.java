package cglora.kernels.engine;

import cglora.kernels.engine.AttentionTiles.Head;
import cglora.kernels.engine.AttentionTiles.Numbers;
import cglora.kernels.engine.AttentionTiles.Rows;
import cglora.kernels.engine.AttentionTiles.Sight;
import java.util.Arrays;

/// Attention with a bias of the relative position head by head in [AttentionTiles], and only the
/// real tokens.
final class BiasedAttentionVariants {
    /// The sizes of a call, and where one head of one sequence begins.
    ///
    /// @param sizes where the packed sizes are in the table
    private record Place(int[] at, int o, int sizes, int pair) {
        int heads() {
            return at[o + sizes];
        }

        int queries() {
            return at[o + sizes + 1];
        }

        int keys() {
            return at[o + sizes + 2];
        }

        int size() {
            return at[o + sizes + 3];
        }

        boolean causal() {
            return at[o + sizes + 4] != 0;
        }

        boolean biased() {
            return at[o + sizes + 5] != 0;
        }

        int sequence() {
            return pair / heads();
        }

        /// Of a tensor of so many positions, that is operand `operand`.
        Rows rows(float[] elements, int operand, int positions) {
            int hidden = heads() * size();
            int begin = sequence() * positions * hidden + pair % heads() * size();
            return new Rows(elements, at[o + operand] + begin, hidden);
        }

        Numbers numbers(float[] elements, int operand) {
            return new Numbers(elements, at[o + operand] + pair * queries());
        }

        Head head(int rows, int length, float[] q, float[] k, float[] v, float[] bias) {
            int biasAt = at[o + 3] + pair % heads() * (queries() + keys() - 1) + queries() - 1;
            return new Head(
                    rows,
                    size(),
                    1f,
                    new Sight(length, 0, false, causal(), 0, biased() ? bias : null, biasAt),
                    rows(q, 0, queries()),
                    rows(k, 1, keys()),
                    rows(v, 2, keys()));
        }
    }

    private BiasedAttentionVariants() {}

    static void biasedAttention(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] out,
            float[] lse,
            int[] at,
            int o) {
        int queries = at[o + 9];
        requireWhole(first, count, queries);
        for (int pair = first / queries; pair < (first + count) / queries; pair++) {
            var place = new Place(at, o, 8, pair);
            int length = keyLengths[at[o + 5] + place.sequence()];
            int rows = length == 0 ? 0 : queryLengths[at[o + 4] + place.sequence()];
            Rows result = place.rows(out, 6, queries);
            Numbers rowSums = place.numbers(lse, 7);
            AttentionTiles.get().forward(place.head(rows, length, q, k, v, bias), result, rowSums);
            result.zero(rows, queries, place.size());
            Arrays.fill(lse, rowSums.at() + rows, rowSums.at() + queries, 0f);
        }
    }

    static void biasedAttentionQueryGradient(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] delta,
            int[] at,
            int o) {
        int queries = at[o + 12];
        requireWhole(first, count, queries);
        for (int pair = first / queries; pair < (first + count) / queries; pair++) {
            var place = new Place(at, o, 11, pair);
            int length = keyLengths[at[o + 5] + place.sequence()];
            int rows = length == 0 ? 0 : queryLengths[at[o + 4] + place.sequence()];
            Head head = place.head(rows, length, q, k, v, bias);
            Rows ofOutput = place.rows(dout, 8, queries);
            Rows ofQueries = place.rows(dq, 9, queries);
            Numbers deltas = place.numbers(delta, 10);
            AttentionTiles.delta(head, ofOutput, place.rows(out, 6, queries), deltas);
            AttentionTiles.get()
                    .gradient(head, ofOutput, place.numbers(lse, 7), deltas, ofQueries, null, null);
            ofQueries.zero(rows, queries, place.size());
            Arrays.fill(delta, deltas.at() + rows, deltas.at() + queries, 0f);
        }
    }

    static void biasedAttentionKeyGradient(
            int first,
            int count,
            float[] q,
            float[] k,
            float[] v,
            float[] bias,
            int[] queryLengths,
            int[] keyLengths,
            float[] lse,
            float[] delta,
            float[] dout,
            float[] dk,
            float[] dv,
            int[] at,
            int o) {
        int keys = at[o + 13];
        requireWhole(first, count, keys);
        for (int pair = first / keys; pair < (first + count) / keys; pair++) {
            var place = new Place(at, o, 11, pair);
            int length = keyLengths[at[o + 5] + place.sequence()];
            int rows = length == 0 ? 0 : queryLengths[at[o + 4] + place.sequence()];
            Rows ofKeys = place.rows(dk, 9, keys);
            Rows ofValues = place.rows(dv, 10, keys);
            ofKeys.zero(0, keys, place.size());
            ofValues.zero(0, keys, place.size());
            AttentionTiles.get()
                    .gradient(
                            place.head(rows, length, q, k, v, bias),
                            place.rows(dout, 8, place.queries()),
                            place.numbers(lse, 6),
                            place.numbers(delta, 7),
                            null,
                            ofKeys,
                            ofValues);
        }
    }

    private static void requireWhole(int first, int count, int rows) {
        if (first % rows != 0 || count % rows != 0) {
            throw new IllegalArgumentException(
                    "range " + first + " + " + count + " cuts a head of " + rows + " rows");
        }
    }
}
