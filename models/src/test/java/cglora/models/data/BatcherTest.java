package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.rng.sampling.ListSampler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatcherTest {
    private static Dataset data(int size) {
        var random = new SplittableRandom(size);
        var tokens = new ArrayList<Tokens>();
        for (int i = 0; i < size; i++) {
            int length = random.nextInt(1, 30);
            tokens.add(new Tokens(random.ints(length, 0, 99).toArray(), new int[length], length));
        }
        return new Dataset(tokens, random.ints(size, 0, 3).toArray(), new float[size], 0, 30);
    }

    /// The order as lists of boxed numbers give it: shuffled, sorted by length within windows of 50
    /// batches, cut, and the batches shuffled.
    private static List<int[]> reference(Dataset data, int size, long seed, int epoch) {
        var random = Batcher.random(seed, epoch);
        var order = new ArrayList<Integer>();
        for (int i = 0; i < data.size(); i++) {
            order.add(i);
        }
        ListSampler.shuffle(random, order);
        Comparator<Integer> byLength =
                Comparator.comparingInt(i -> data.tokens().get(i).inputIds().length);
        for (int from = 0; from < order.size(); from += 50 * size) {
            order.subList(from, Math.min(order.size(), from + 50 * size)).sort(byLength);
        }
        var batches = new ArrayList<int[]>();
        for (int from = 0; from < order.size(); from += size) {
            batches.add(
                    order.subList(from, Math.min(order.size(), from + size)).stream()
                            .mapToInt(Integer::intValue)
                            .toArray());
        }
        ListSampler.shuffle(random, batches);
        return batches;
    }

    @ParameterizedTest
    @CsvSource({"1, 4, 0", "7, 4, 1", "1023, 4, 7", "1023, 1, 2", "640, 32, 3"})
    void anEpochHasTheOrderOfItsSeed(int size, int batchSize, long seed) {
        Dataset data = data(size);
        var batcher = new Batcher(batchSize, new int[] {8, 16, 30}, 0);
        for (int epoch = 0; epoch < 2; epoch++) {
            List<Batch> batches = batcher.epoch(data, seed, epoch);
            assertThat(batches)
                    .extracting(Batch::examples)
                    .containsExactlyElementsOf(reference(data, batchSize, seed, epoch));
        }
        var drawn = new ArrayList<Integer>();
        for (int i = 0; i < size; i++) {
            drawn.add(i);
        }
        ListSampler.shuffle(Batcher.random(seed, -1), drawn);
        assertThat(Batcher.draw(size, size, seed)).containsExactly(drawn.toArray(Integer[]::new));
        assertThat(Batcher.draw(size, size / 2, seed))
                .containsExactly(drawn.subList(0, size / 2).toArray(Integer[]::new));
    }

    @ParameterizedTest
    @CsvSource({"1, 4", "7, 4", "103, 8"})
    void evaluationGoesByLengthAndHoldsEveryExampleOnce(int size, int batchSize) {
        Dataset data = data(size);
        List<Batch> batches = new Batcher(batchSize, new int[] {8, 16, 30}, 0).sequential(data);
        int[] seen = batches.stream().flatMapToInt(b -> Arrays.stream(b.examples())).toArray();
        assertThat(seen).hasSize(size).doesNotHaveDuplicates();
        for (int i = 1; i < size; i++) {
            int before = data.tokens().length(seen[i - 1]);
            int after = data.tokens().length(seen[i]);
            assertThat(before < after || before == after && seen[i - 1] < seen[i]).isTrue();
        }
        Batch last = batches.getLast();
        for (int row = 0; row < last.examples().length; row++) {
            Tokens tokens = data.tokens().get(last.examples()[row]);
            int start = row * last.width();
            assertThat(Arrays.copyOfRange(last.inputIds(), start, start + tokens.inputIds().length))
                    .isEqualTo(tokens.inputIds());
            assertThat(last.labels()[row]).isEqualTo(data.labels()[last.examples()[row]]);
        }
    }

    /// Twice the width is no `int` any more.
    @Test
    void bucketsEndWhereLengthsAreHuge() {
        int[] buckets = Batcher.defaultBuckets(2_000_000_000);
        assertThat(buckets)
                .isSorted()
                .startsWith(16, 24, 32)
                .endsWith(1_610_612_736, 2_000_000_000);
    }
}
