package cglora.models.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.ListSampler;
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
        for (int width = 16; width < maxLength; width *= 2) {
            widths.add(width);
            if (width >= 16 && width * 3 / 2 < maxLength) {
                widths.add(width * 3 / 2);
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
    /// else.
    public List<Batch> sequential(Dataset data) {
        var order = new ArrayList<Integer>();
        for (int i = 0; i < data.size(); i++) {
            order.add(i);
        }
        order.sort(byLength(data));
        return cut(data, order);
    }

    /// All examples once in the order of `seed` and `epoch`.
    public List<Batch> epoch(Dataset data, long seed, int epoch) {
        var random = random(seed, epoch);
        var order = new ArrayList<Integer>();
        for (int i = 0; i < data.size(); i++) {
            order.add(i);
        }
        ListSampler.shuffle(random, order);
        int window = SORT_WINDOW * batchSize;
        for (int from = 0; from < order.size(); from += window) {
            order.subList(from, Math.min(order.size(), from + window)).sort(byLength(data));
        }
        List<Batch> batches = cut(data, order);
        ListSampler.shuffle(random, batches);
        return batches;
    }

    static UniformRandomProvider random(long seed, long stream) {
        return RandomSource.XO_RO_SHI_RO_128_PP.create(new long[] {seed, stream * 0x9E3779B9L + 1});
    }

    /// `count` different places below `size`, in the order of the seed.
    public static int[] draw(int size, int count, long seed) {
        var places = new ArrayList<Integer>();
        for (int i = 0; i < size; i++) {
            places.add(i);
        }
        ListSampler.shuffle(random(seed, -1), places);
        return places.stream().limit(count).mapToInt(Integer::intValue).toArray();
    }

    private static Comparator<Integer> byLength(Dataset data) {
        return Comparator.comparingInt(i -> data.tokens().get(i).inputIds().length);
    }

    private List<Batch> cut(Dataset data, List<Integer> order) {
        var batches = new ArrayList<Batch>();
        for (int from = 0; from < order.size(); from += batchSize) {
            List<Integer> part = order.subList(from, Math.min(order.size(), from + batchSize));
            batches.add(batch(data, part.stream().mapToInt(Integer::intValue).toArray()));
        }
        return batches;
    }

    /// One batch of at most `batchSize` examples.
    public Batch batch(Dataset data, int[] examples) {
        int longest = 0;
        for (int example : examples) {
            longest = Math.max(longest, data.tokens().get(example).inputIds().length);
        }
        int width = width(longest);
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
        for (var tokens : data.tokens()) {
            longest = Math.max(longest, tokens.inputIds().length);
        }
        return width(longest);
    }

    /// The bucket of a sequence of `length` tokens.
    public int width(int length) {
        return bucket(length, buckets);
    }

    private static int bucket(int length, int[] buckets) {
        for (int bucket : buckets) {
            if (length <= bucket) {
                return bucket;
            }
        }
        throw new IllegalArgumentException(
                length + " tokens, the largest bucket is " + buckets[buckets.length - 1]);
    }
}
