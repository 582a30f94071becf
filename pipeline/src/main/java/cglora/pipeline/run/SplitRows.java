package cglora.pipeline.run;

import cglora.models.data.Batcher;
import cglora.models.data.Rows;
import java.util.Arrays;

/// The rows of one split: some of those of a source, in their order.
///
/// @param rows   of the source
/// @param places of those that belong to the split
/// @param source where they come from, for messages
record SplitRows(Rows rows, int[] places, String source) {
    static SplitRows all(Rows rows, String source) {
        int[] places = new int[rows.size()];
        Arrays.setAll(places, i -> i);
        return new SplitRows(rows, places, source);
    }

    int size() {
        return places.length;
    }

    SplitRows with(int[] chosen) {
        return new SplitRows(rows, chosen, source);
    }

    SplitRows from(String other) {
        return new SplitRows(rows, places, other);
    }

    SplitRows range(int from, int to) {
        return with(Arrays.copyOfRange(places, from, to));
    }

    /// `count` rows in the order of the seed; all in their own order where there are no more, or
    /// for null.
    SplitRows drawn(Integer count, long seed) {
        return count == null || count >= size() ? this : shuffled(count, seed);
    }

    /// `count` rows in the order of the seed.
    SplitRows shuffled(int count, long seed) {
        int[] order = Batcher.draw(size(), count, seed);
        Arrays.setAll(order, i -> places[order[i]]);
        return with(order);
    }
}
