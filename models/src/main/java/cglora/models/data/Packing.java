package cglora.models.data;

import java.util.Arrays;
import java.util.BitSet;
import org.apache.commons.rng.sampling.ArraySampler;

/// Which examples share a row of tokens: best fit decreasing, as TRL's strategy `bfd`. The longest
/// example goes first; each goes into the row with the least room that it fits into, the one that
/// has had that room for longest, or begins a row. No example is cut, and each is in one row.
///
/// The examples are taken in a random order, and in parts that are packed each by itself: memory
/// and time of a part do not grow with the data, and rows do not depend on how files are sorted.
public final class Packing {
    /// Examples of a part: enough that what is not filled of its last rows is little.
    static final int PART = 1 << 14;

    /// Of random numbers, apart from those of epochs and samples.
    private static final long STREAM = -2;

    private final int capacity;
    private final int[] examples;
    private final int[] ends;
    private final long tokens;

    private Packing(int capacity, int[] examples, int[] ends, long tokens) {
        this.capacity = capacity;
        this.examples = examples;
        this.ends = ends;
        this.tokens = tokens;
    }

    /// @param all      sequences of tokens; only their lengths are looked at
    /// @param capacity tokens that a row holds
    /// @param seed     of the order
    /// @throws IllegalArgumentException for a sequence that no row holds
    public static Packing of(TokenList all, int capacity, long seed) {
        int[] order = Batcher.places(all.size());
        ArraySampler.shuffle(Batcher.random(seed, STREAM), order);
        int[] examples = new int[order.length];
        int[] ends = new int[order.length];
        int rows = 0;
        for (int from = 0; from < order.length; from += PART) {
            int to = Math.min(order.length, from + PART);
            int[] part = longestFirst(all, Arrays.copyOfRange(order, from, to), capacity);
            int[] rowOf = new int[part.length];
            int added = fit(all, part, capacity, rowOf);
            // how many examples the rows have, then where each row is to be written
            int[] next = new int[added + 1];
            for (int row : rowOf) {
                next[row + 1]++;
            }
            next[0] = from;
            for (int row = 0; row < added; row++) {
                next[row + 1] += next[row];
                ends[rows + row] = next[row + 1];
            }
            for (int i = 0; i < part.length; i++) {
                examples[next[rowOf[i]]++] = part[i];
            }
            rows += added;
        }
        long tokens = 0;
        for (int example : order) {
            tokens += all.length(example);
        }
        return new Packing(capacity, examples, Arrays.copyOf(ends, rows), tokens);
    }

    /// The same examples by length; those of one length stay in their order.
    private static int[] longestFirst(TokenList all, int[] part, int capacity) {
        long[] keys = new long[part.length];
        for (int i = 0; i < part.length; i++) {
            int length = all.length(part[i]);
            if (length > capacity) {
                throw new IllegalArgumentException(
                        "sequence %d has %d tokens, a row holds %d"
                                .formatted(part[i], length, capacity));
            }
            keys[i] = (long) (capacity - length) << 32 | i;
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> part[(int) key]).toArray();
    }

    /// @param rowOf is given the row of each example of the part
    /// @return how many rows there are
    private static int fit(TokenList all, int[] part, int capacity, int[] rowOf) {
        var open = new OpenRows(part.length, capacity);
        int rows = 0;
        for (int i = 0; i < part.length; i++) {
            int length = all.length(part[i]);
            int found = open.take(length);
            int row = found < 0 ? rows++ : found;
            rowOf[i] = row;
            open.put(row, length);
        }
        return rows;
    }

    /// Rows by the room that they have: a queue for each number of tokens.
    private static final class OpenRows {
        private final int[] room;
        private final int[] behind;
        private final int[] first;
        private final int[] last;
        private final BitSet rooms;

        /// @param most rows that there may be
        OpenRows(int most, int capacity) {
            room = new int[most];
            Arrays.fill(room, capacity);
            behind = new int[most];
            first = new int[capacity + 1];
            last = new int[capacity + 1];
            rooms = new BitSet(capacity + 1);
        }

        /// The row that `length` tokens fit into best, which is no longer among these; -1 for none.
        int take(int length) {
            int best = rooms.nextSetBit(length);
            if (best < 0) {
                return -1;
            }
            int row = first[best];
            if (row == last[best]) {
                rooms.clear(best);
            } else {
                first[best] = behind[row];
            }
            return row;
        }

        /// A row gets `length` tokens; it is among these while it has room.
        void put(int row, int length) {
            room[row] -= length;
            int left = room[row];
            if (left == 0) {
                return;
            }
            if (rooms.get(left)) {
                behind[last[left]] = row;
            } else {
                first[left] = row;
                rooms.set(left);
            }
            last[left] = row;
        }
    }

    /// Tokens that a row holds.
    public int capacity() {
        return capacity;
    }

    public int rows() {
        return ends.length;
    }

    /// Places of the examples of a row, the longest first.
    public int[] row(int row) {
        return Arrays.copyOfRange(examples, row == 0 ? 0 : ends[row - 1], ends[row]);
    }

    /// Tokens of all examples.
    public long tokens() {
        return tokens;
    }
}
