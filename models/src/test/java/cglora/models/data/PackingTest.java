package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.commons.rng.sampling.ListSampler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackingTest {
    private static TokenList sequences(int count, int most, long seed) {
        var random = new SplittableRandom(seed);
        return TokenList.of(
                IntStream.range(0, count)
                        .mapToObj(_ -> random.nextInt(1, most + 1))
                        .map(length -> new Tokens(new int[length], new int[length], length))
                        .toList());
    }

    private static List<List<Integer>> rows(Packing packing) {
        return IntStream.range(0, packing.rows())
                .mapToObj(row -> Arrays.stream(packing.row(row)).boxed().toList())
                .toList();
    }

    /// A row under way, and when it last got an example.
    private static final class Row {
        private final List<Integer> examples = new ArrayList<>();
        private int tokens;
        private int touched;
    }

    /// As lists give it: each example, the longest first, into the fullest row that it fits into,
    /// of those that are equally full the one that has been so for longest.
    private static List<List<Integer>> reference(TokenList all, int capacity, long seed) {
        var order = new ArrayList<>(IntStream.range(0, all.size()).boxed().toList());
        ListSampler.shuffle(Batcher.random(seed, -2), order);
        var packed = new ArrayList<List<Integer>>();
        for (int from = 0; from < order.size(); from += Packing.PART) {
            var part =
                    new ArrayList<>(
                            order.subList(from, Math.min(order.size(), from + Packing.PART)));
            part.sort(Comparator.comparingInt(example -> -all.length(example)));
            var rows = new ArrayList<Row>();
            for (int i = 0; i < part.size(); i++) {
                int length = all.length(part.get(i));
                Row best =
                        rows.stream()
                                .filter(row -> row.tokens + length <= capacity)
                                .min(
                                        Comparator.comparingInt((Row row) -> -row.tokens)
                                                .thenComparingInt(row -> row.touched))
                                .orElse(null);
                if (best == null) {
                    best = new Row();
                    rows.add(best);
                }
                best.examples.add(part.get(i));
                best.tokens += length;
                best.touched = i;
            }
            rows.forEach(row -> packed.add(row.examples));
        }
        return packed;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "7, 3, 3",
        "300, 20, 50",
        "2000, 50, 64",
        "500, 64, 64",
        "16400, 3, 900"
    })
    void isBestFitDecreasing(int count, int most, int capacity) {
        TokenList all = sequences(count, most, count);
        Packing packing = Packing.of(all, capacity, 3);
        assertThat(rows(packing)).isEqualTo(reference(all, capacity, 3));
        assertThat(rows(Packing.of(all, capacity, 3))).isEqualTo(rows(packing));
        assertThat(packing.tokens())
                .isEqualTo(IntStream.range(0, count).mapToLong(all::length).sum());
        assertThat(packing.capacity()).isEqualTo(capacity);
    }

    /// No row is overfull, and all but few are nearly full: the lower bound of any packing is
    /// hardly missed, nor where the examples come sorted.
    @Test
    void everyExampleIsInOneRow() {
        TokenList drawn = sequences(40_000, 100, 1);
        TokenList sorted =
                TokenList.of(
                        drawn.stream()
                                .sorted(Comparator.comparingInt(t -> t.inputIds().length))
                                .toList());
        for (TokenList all : List.of(drawn, sorted)) {
            Packing packing = Packing.of(all, 512, 7);
            assertThat(rows(packing).stream().flatMap(List::stream).toList())
                    .hasSize(all.size())
                    .doesNotHaveDuplicates();
            for (List<Integer> row : rows(packing)) {
                assertThat(row.stream().mapToInt(all::length).sum()).isBetween(1, 512);
            }
            long least = Math.ceilDiv(packing.tokens(), 512);
            assertThat((long) packing.rows()).isBetween(least, least + 3 * 2);
        }
        assertThat(rows(Packing.of(drawn, 512, 8))).isNotEqualTo(rows(Packing.of(drawn, 512, 7)));
    }

    @Test
    void nothingGivesNoRows() {
        assertThat(Packing.of(TokenList.of(List.of()), 8, 0).rows()).isZero();
    }

    @Test
    void refusesWhatNoRowHolds() {
        assertThatThrownBy(() -> Packing.of(sequences(9, 12, 2), 4, 0))
                .hasMessageContaining("a row holds 4");
    }
}
