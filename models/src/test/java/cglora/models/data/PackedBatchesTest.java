package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PackedBatchesTest {
    private static Dataset data(List<int[]> sequences, List<int[]> answers) {
        List<Tokens> tokens =
                sequences.stream().map(ids -> new Tokens(ids, new int[ids.length], 0)).toList();
        int size = tokens.size();
        return new Dataset(tokens, new int[size], new float[size], 0, 0).answeredBy(answers);
    }

    @Test
    void aRowHoldsWhatItsExamplesAskFor() {
        Dataset data =
                data(
                        List.of(
                                new int[] {11, 12, 13},
                                new int[] {21, 22, 23, 24, 25},
                                new int[] {31, 32}),
                        List.of(new int[] {13}, new int[] {22, -1, 24, 25}, new int[] {32}));
        var batches =
                new PackedBatches(
                        data,
                        Packing.of(data.tokens(), 12, 0),
                        new Batcher(2, new int[] {8, 11, 12}, 99));
        assertThat(batches.size()).isOne();
        assertThat(batches.largest()).isEqualTo(new BatchShape(2, 11, 8, true));
        Batch batch = batches.epoch(5, 0).getFirst();
        assertThat(batch.shape()).isEqualTo(batches.largest()).hasToString("2×11+8 packed");
        // the longest example first; the second row is empty
        assertThat(batch.examples()).containsExactly(1, 0, 2);
        assertThat(Arrays.copyOf(batch.inputIds(), 11))
                .containsExactly(21, 22, 23, 24, 25, 11, 12, 13, 31, 32, 99);
        assertThat(Arrays.copyOf(batch.starts(), 11))
                .containsExactly(0, 0, 0, 0, 0, 5, 5, 5, 8, 8, 11);
        assertThat(Arrays.copyOf(batch.positions(), 11))
                .containsExactly(0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 0);
        assertThat(batch.lengths()).containsExactly(10, 0);
        assertThat(batch.tokens()).isEqualTo(10);
        assertThat(batch.terms()).isEqualTo(5);
        assertThat(Arrays.copyOf(batch.target().tokens(), 8))
                .containsExactly(22, 24, 25, 13, 32, -1, -1, -1);
        assertThat(Arrays.copyOf(batch.target().places(), 8))
                .containsExactly(0, 2, 3, 6, 8, -1, -1, -1);
        assertThat(batch.weights(0.2f)).startsWith(0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0f).hasSize(16);
        for (int i = 11; i < 22; i++) {
            assertThat(batch.starts()[i]).isEqualTo(11);
        }
    }

    @Test
    void anEpochHoldsEveryExampleOnceInAnOrderOfItsOwn() {
        var random = new SplittableRandom(3);
        var sequences = new ArrayList<int[]>();
        var answers = new ArrayList<int[]>();
        for (int i = 0; i < 203; i++) {
            int[] ids = random.ints(random.nextInt(2, 20), 0, 99).toArray();
            sequences.add(ids);
            answers.add(Arrays.copyOfRange(ids, random.nextInt(1, ids.length), ids.length));
        }
        Dataset data = data(sequences, answers);
        Packing packing = Packing.of(data.tokens(), 40, 2);
        var batches =
                new PackedBatches(data, packing, new Batcher(4, Batcher.defaultBuckets(40), 0));
        for (int epoch = 0; epoch < 2; epoch++) {
            List<Batch> all = batches.epoch(9, epoch);
            assertThat(all).hasSize(batches.size());
            assertThat(all.stream().flatMapToInt(b -> Arrays.stream(b.examples())).toArray())
                    .hasSize(203)
                    .doesNotHaveDuplicates();
            assertThat(all.stream().mapToLong(b -> (long) b.rows() * b.width()).sum())
                    .isEqualTo(batches.positions(9, epoch));
            for (Batch batch : all) {
                assertThat(batch.width()).isLessThanOrEqualTo(batches.largest().width());
                assertThat(batch.target().width())
                        .isLessThanOrEqualTo(batches.largest().targetWidth());
            }
        }
        assertThat(batches.epoch(9, 0).getFirst().examples())
                .isEqualTo(batches.epoch(9, 0).getFirst().examples())
                .isNotEqualTo(batches.epoch(9, 1).getFirst().examples())
                .isNotEqualTo(batches.epoch(8, 0).getFirst().examples());
        TrainingBatches apart =
                new Batcher(4, Batcher.defaultBuckets(40), 0, Batcher.defaultTargetBuckets(40))
                        .over(data);
        assertThat(apart.epoch(9, 1).stream().mapToLong(b -> (long) b.rows() * b.width()).sum())
                .isEqualTo(apart.positions(9, 1));
        assertThat(batches.padding(packing.tokens(), 9, 0))
                .isLessThan(apart.padding(packing.tokens(), 9, 0))
                .isBetween(0.0, 0.1);
    }

    @Test
    void refusesAnAnswerWithoutAPrompt() {
        Dataset data = data(List.of(new int[] {1, 2}), List.of(new int[] {1, 2}));
        var batches =
                new PackedBatches(
                        data, Packing.of(data.tokens(), 4, 0), new Batcher(1, new int[] {4}, 0));
        assertThatThrownBy(() -> batches.epoch(0, 0).getFirst())
                .hasMessageContaining("example 0 of 2 tokens is asked for 2");
    }
}
