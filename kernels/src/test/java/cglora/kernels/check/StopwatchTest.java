package cglora.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class StopwatchTest {
    private static final long WARM_NANOS = 500_000_000;

    /// Longer than a sample, so that each sample is one execution.
    private static final long LONG_NANOS = 60_000_000;

    @Test
    void nothingIsTimedBeforeItIsWarm() {
        var starts = new ArrayList<Long>();
        double[] seconds = Stopwatch.seconds(() -> start(starts, LONG_NANOS), 3);
        assertThat(seconds).hasSize(3);
        List<Long> timed = starts.subList(starts.size() - 3, starts.size());
        assertThat(timed).allMatch(start -> start - starts.getFirst() >= WARM_NANOS);
    }

    @Test
    void whatTakesLongIsWarmAfterOneExecution() {
        var starts = new ArrayList<Long>();
        Stopwatch.seconds(() -> start(starts, WARM_NANOS), 1);
        assertThat(starts).hasSize(2);
    }

    private static void start(List<Long> starts, long nanos) {
        long start = System.nanoTime();
        starts.add(start);
        while (System.nanoTime() - start < nanos) {
            LockSupport.parkNanos(nanos);
        }
    }
}
