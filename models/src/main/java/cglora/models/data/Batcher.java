package cglora.models.data;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import java.util.stream.IntStream;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.ArraySampler;
import org.apache.commons.rng.simple.RandomSource;

/// Cuts a data set into batches whose examples have similar lengths. Lengths are rounded up to a
/// few buckets, so that few shapes of programs are needed.
///
/// @param batchSize rows of a batch
/// @param buckets   widths, ascending; the last one holds every example
/// @param padId     id that fills up sequences
/// @param targetBuckets widths of the tokens that a model is to give, likewise; empty where it
///     gives none
public record Batcher(int batchSize, int[] buckets, int padId, int[] targetBuckets) {
    /// Batches whose answers are classes or numbers.
    public Batcher(int batchSize, int[] buckets, int padId) {
        this(batchSize, buckets, padId, new int[0]);
    }

    /// Batches within which training examples are sorted by length: enough to pad little, few
    /// enough that batches stay random.
    private static final int SORT_WINDOW = 50;

    /// Buckets of powers of two and the values halfway up to `maxLength`.
    public static int[] defaultBuckets(int maxLength) {
        var widths = new ArrayList<Integer>();
        for (long width = 16; width < maxLength; width *= 2) {
            widths.add((int) width);
            if (width * 3 / 2 < maxLength) {
                widths.add((int) (width * 3 / 2));
            }
        }
        widths.add(maxLength);
        return widths.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Buckets of targets, of which many are a word or two: from 4 up to `maxLength`.
    public static int[] defaultTargetBuckets(int maxLength) {
        return IntStream.concat(
                        IntStream.of(4, 8).filter(width -> width < maxLength),
                        IntStream.of(defaultBuckets(maxLength)))
                .toArray();
    }

    /// All examples once, for evaluation: sorted by length, in an order that depends on nothing
    /// else. A batch is made when it is asked for.
    public List<Batch> sequential(Dataset data) {
        int[] order = places(data.size());
        sortByLength(data, order, 0, order.length);
        return new Batches(data, order, places(Math.ceilDiv(order.length, batchSize)));
    }

    /// The examples of a data set, one a row.
    public TrainingBatches over(Dataset data) {
        return new TrainingBatches() {
            @Override
            public int size() {
                return Math.ceilDiv(data.size(), batchSize);
            }

            @Override
            public BatchShape largest() {
                return Batcher.this.largest(data);
            }

            @Override
            public List<Batch> epoch(long seed, int epoch) {
                return Batcher.this.epoch(data, seed, epoch);
            }

            @Override
            public long positions(long seed, int epoch) {
                return Batcher.this.order(data, seed, epoch).positions();
            }
        };
    }

    /// All examples once in the order of `seed` and `epoch`. A batch is made when it is asked for.
    public List<Batch> epoch(Dataset data, long seed, int epoch) {
        return order(data, seed, epoch);
    }

    private Batches order(Dataset data, long seed, int epoch) {
        var random = random(seed, epoch);
        int[] order = places(data.size());
        ArraySampler.shuffle(random, order);
        int window = SORT_WINDOW * batchSize;
        for (int from = 0; from < order.length; from += window) {
            sortByLength(data, order, from, Math.min(order.length, from + window));
        }
        int[] batches = places(Math.ceilDiv(order.length, batchSize));
        ArraySampler.shuffle(random, batches);
        return new Batches(data, order, batches);
    }

    static int[] places(int size) {
        int[] places = new int[size];
        Arrays.setAll(places, i -> i);
        return places;
    }

    /// Sorts a part of an order by the examples' lengths; those of one length stay in their order.
    private static void sortByLength(Dataset data, int[] order, int from, int to) {
        long[] keys = new long[to - from];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = (long) data.tokens().length(order[from + i]) << 32 | i;
        }
        Arrays.sort(keys);
        int[] sorted = new int[keys.length];
        for (int i = 0; i < keys.length; i++) {
            sorted[i] = order[from + (int) keys[i]];
        }
        System.arraycopy(sorted, 0, order, from, sorted.length);
    }

    static UniformRandomProvider random(long seed, long stream) {
        return RandomSource.XO_RO_SHI_RO_128_PP.create(new long[] {seed, stream * 0x9E3779B9L + 1});
    }

    /// `count` different places below `size`, in the order of the seed.
    public static int[] draw(int size, int count, long seed) {
        int[] places = places(size);
        ArraySampler.shuffle(random(seed, -1), places);
        return Arrays.copyOf(places, Math.min(size, count));
    }

    /// The batches of an order of examples, in an order of their own.
    private final class Batches extends AbstractList<Batch> implements RandomAccess {
        private final Dataset data;
        private final int[] order;
        private final int[] batches;

        Batches(Dataset data, int[] order, int[] batches) {
            this.data = data;
            this.order = order;
            this.batches = batches;
        }

        @Override
        public int size() {
            return batches.length;
        }

        @Override
        public Batch get(int place) {
            return batch(data, examples(place));
        }

        private int[] examples(int place) {
            int from = batches[place] * batchSize;
            int to = Math.min(order.length, from + batchSize);
            return Arrays.copyOfRange(order, from, to);
        }

        long positions() {
            long positions = 0;
            for (int place = 0; place < batches.length; place++) {
                positions += (long) batchSize * width(longest(data, examples(place)));
            }
            return positions;
        }
    }

    private static int longest(Dataset data, int[] examples) {
        int longest = 0;
        for (int example : examples) {
            longest = Math.max(longest, data.tokens().length(example));
        }
        return longest;
    }

    /// One batch of at most `batchSize` examples.
    public Batch batch(Dataset data, int[] examples) {
        int width = width(longest(data, examples));
        int[] ids = new int[batchSize * width];
        Arrays.fill(ids, padId);
        int[] types = new int[batchSize * width];
        int[] lengths = new int[batchSize];
        int[] labels = new int[batchSize];
        Arrays.fill(labels, -1);
        float[] targets = new float[batchSize];
        for (int row = 0; row < examples.length; row++) {
            var tokens = data.tokens().get(examples[row]);
            int length = tokens.inputIds().length;
            System.arraycopy(tokens.inputIds(), 0, ids, row * width, length);
            System.arraycopy(tokens.tokenTypeIds(), 0, types, row * width, length);
            lengths[row] = length;
            labels[row] = data.labels()[examples[row]];
            targets[row] = data.targets()[examples[row]];
        }
        return new Batch(
                batchSize,
                width,
                examples,
                ids,
                types,
                lengths,
                labels,
                targets,
                data.answers().isEmpty() ? null : target(data, examples));
    }

    private TokenTargets target(Dataset data, int[] examples) {
        int longest = 1;
        for (int example : examples) {
            longest = Math.max(longest, data.answers().get(example).length);
        }
        int width = bucket(longest, targetBuckets);
        int[] tokens = new int[batchSize * width];
        Arrays.fill(tokens, -1);
        for (int row = 0; row < examples.length; row++) {
            int[] answer = data.answers().get(examples[row]);
            System.arraycopy(answer, 0, tokens, row * width, answer.length);
        }
        return new TokenTargets(width, tokens);
    }

    /// A shape as large as that of the widest batch that the data can give.
    public BatchShape largest(Dataset data) {
        int longest = data.answers().stream().mapToInt(answer -> answer.length).max().orElse(0);
        return new BatchShape(
                batchSize, widest(data), longest == 0 ? 0 : bucket(longest, targetBuckets));
    }

    /// The width of the widest batch that the data can give, in tokens.
    public int widest(Dataset data) {
        int longest = 1;
        for (int i = 0; i < data.size(); i++) {
            longest = Math.max(longest, data.tokens().length(i));
        }
        return width(longest);
    }

    /// The bucket of a sequence of `length` tokens.
    public int width(int length) {
        return bucket(length, buckets);
    }

    static int bucket(int length, int[] buckets) {
        for (int bucket : buckets) {
            if (length <= bucket) {
                return bucket;
            }
        }
        throw new IllegalArgumentException(
                length + " tokens, the largest bucket is " + buckets[buckets.length - 1]);
    }
}
