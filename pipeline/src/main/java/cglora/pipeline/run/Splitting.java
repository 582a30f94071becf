package cglora.pipeline.run;

import cglora.models.data.Rows;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;

/// Parts of the training rows, and what two splits have in common.
final class Splitting {
    private Splitting() {}

    /// Training and validation part; the share is held for every class. Rows of the same text stay
    /// together, so that no validation row is trained on.
    static List<SplitRows> split(SplitRows all, double share, boolean regression, long seed) {
        Rows rows = all.rows();
        long[] counts = new long[regression ? 1 : rows.labels().size()];
        for (int row : all.places()) {
            counts[regression ? 0 : rows.label(row)]++;
        }
        long[] left = new long[counts.length];
        Arrays.setAll(left, label -> Math.round(share * counts[label]));
        long[] held = new long[Math.toIntExact(Arrays.stream(left).sum())];
        int count = 0;
        for (int row : all.shuffled(all.size(), seed).places()) {
            int label = regression ? 0 : rows.label(row);
            if (left[label] > 0) {
                left[label]--;
                held[count++] = rows.textHash(row);
            }
        }
        Arrays.sort(held);
        IntPredicate isHeld = row -> Arrays.binarySearch(held, rows.textHash(row)) >= 0;
        return List.of(
                all.with(Arrays.stream(all.places()).filter(isHeld.negate()).toArray()),
                all.with(Arrays.stream(all.places()).filter(isHeld).toArray()));
    }

    /// How many rows of `some` have a text that one of `all` has, too.
    static int common(SplitRows all, SplitRows some) {
        long[] hashes = hashes(some);
        Arrays.sort(hashes);
        var both = new BitSet();
        for (int row : all.places()) {
            int at = Arrays.binarySearch(hashes, all.rows().textHash(row));
            if (at >= 0) {
                both.set(at);
            }
        }
        // equal hashes stand side by side, and the search finds any of them
        int count = 0;
        for (int from = 0; from < hashes.length; ) {
            int to = from + 1;
            while (to < hashes.length && hashes[to] == hashes[from]) {
                to++;
            }
            int marked = both.nextSetBit(from);
            count += marked >= 0 && marked < to ? to - from : 0;
            from = to;
        }
        return count;
    }

    private static long[] hashes(SplitRows split) {
        return Arrays.stream(split.places()).mapToLong(split.rows()::textHash).toArray();
    }
}
