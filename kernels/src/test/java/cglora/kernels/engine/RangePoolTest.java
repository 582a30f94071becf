package cglora.kernels.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RangePoolTest {
    /// Part of a range, and the thread that got it.
    private record Part(int first, int count, String thread) {}

    @Test
    void visitsEachIndexOnce() throws Throwable {
        for (int threads : new int[] {1, 2, 3, 5}) {
            try (var pool = new RangePool(threads)) {
                for (int count : new int[] {0, 1, 2, 3, 5, 7, 8, 13, 64, 100, 1023}) {
                    for (int grain : new int[] {1, 3, 7, 64, 2000}) {
                        assertVisitsEachIndexOnce(pool, count, grain);
                    }
                }
            }
        }
    }

    private static void assertVisitsEachIndexOnce(RangePool pool, int count, int grain)
            throws Throwable {
        var visits = new AtomicIntegerArray(count);
        var parts = new ConcurrentLinkedQueue<Part>();
        pool.run(
                count,
                grain,
                (first, length) -> {
                    parts.add(new Part(first, length, Thread.currentThread().getName()));
                    for (int i = first; i < first + length; i++) {
                        visits.incrementAndGet(i);
                    }
                });
        for (int i = 0; i < count; i++) {
            assertThat(visits.get(i)).as("%d of %d by %d", i, count, grain).isEqualTo(1);
        }
        assertThat(parts)
                .allSatisfy(
                        part -> {
                            assertThat(part.first() % grain).isZero();
                            int end = part.first() + part.count();
                            assertThat(end % grain == 0 || end == count).isTrue();
                        });
        assertThat(parts.size()).isLessThanOrEqualTo(pool.threads());
    }

    @Test
    void splitsARangeTheSameWayEveryTime() throws Throwable {
        try (var pool = new RangePool(3)) {
            List<Integer> first = null;
            for (int round = 0; round < 50; round++) {
                var parts = new ConcurrentLinkedQueue<Part>();
                pool.run(
                        100,
                        7,
                        (from, count) ->
                                parts.add(new Part(from, count, Thread.currentThread().getName())));
                List<Integer> begins = parts.stream().map(Part::first).sorted().toList();
                first = first == null ? begins : first;
                assertThat(begins).isEqualTo(first).hasSize(3);
            }
        }
    }

    /// The caller's part ends at once while the other thread still wakes up.
    @Test
    void doesNotWaitForAThreadThatHasNotBegun() throws Throwable {
        try (var pool = new RangePool(2)) {
            boolean helped = false;
            for (int round = 0; round < 20_000 && !helped; round++) {
                if (round % 100 == 0) {
                    Thread.sleep(5); // the other thread sleeps by now
                }
                var parts = new ConcurrentLinkedQueue<Part>();
                pool.run(
                        2,
                        1,
                        (from, count) ->
                                parts.add(new Part(from, count, Thread.currentThread().getName())));
                assertThat(parts.stream().map(Part::first)).containsExactlyInAnyOrder(0, 1);
                helped = parts.stream().map(Part::thread).distinct().count() == 1;
            }
            assertThat(helped).isTrue();
        }
    }

    @Test
    void returnsWhenAllPartsAreDone() throws Throwable {
        try (var pool = new RangePool(4)) {
            int[] sums = new int[64];
            for (int round = 0; round < 500; round++) {
                pool.run(
                        sums.length,
                        1,
                        (first, count) -> {
                            for (int i = first; i < first + count; i++) {
                                sums[i]++;
                            }
                        });
            }
            assertThat(sums).containsOnly(500);
        }
    }

    @Test
    void handsAnExceptionOfAnyPartToTheCallerAndGoesOn() throws Throwable {
        for (int threads = 1; threads <= 4; threads++) {
            try (var pool = new RangePool(threads)) {
                for (int bad = 0; bad < 100; bad += 9) {
                    int where = bad;
                    assertThatThrownBy(
                                    () ->
                                            pool.run(
                                                    100,
                                                    1,
                                                    (first, count) -> {
                                                        if (first <= where
                                                                && where < first + count) {
                                                            throw new IllegalStateException(
                                                                    "at " + where);
                                                        }
                                                    }))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessage("at " + where);
                    assertVisitsEachIndexOnce(pool, 100, 1);
                }
            }
        }
    }

    @Test
    void handsOverErrorsToo() throws Throwable {
        try (var pool = new RangePool(2)) {
            assertThatThrownBy(
                            () ->
                                    pool.run(
                                            2,
                                            1,
                                            (_, _) -> {
                                                throw new StackOverflowError("deep");
                                            }))
                    .isInstanceOf(StackOverflowError.class);
            assertVisitsEachIndexOnce(pool, 2, 1);
        }
    }

    @Test
    void refusesWorkAfterItsClose() {
        var pool = new RangePool(2);
        pool.close();
        assertThatThrownBy(() -> pool.run(8, 1, (_, _) -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the engine is closed");
    }
}
