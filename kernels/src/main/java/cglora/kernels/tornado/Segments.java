package cglora.kernels.tornado;

import java.util.ArrayList;
import java.util.List;

/// Cuts a sequence of tasks into pieces that a graph of TornadoVM can hold, so that many pieces
/// are the same: the layers of a model do the same with other offsets, and one graph that is
/// compiled once does them all.
///
/// The repetition that spares most tasks is cut out first, then what is before and behind it. A
/// period of `p` tasks from place `i` on shows in equal kinds at `j` and `j + p`; a run of `l` such
/// places has `l / p + 1` whole repetitions.
final class Segments {
    /// A shorter piece is not worth a graph of its own: a graph costs about as much as a launch.
    static final int SHORTEST = 8;

    /// @param start  the first task
    /// @param length how many
    record Segment(int start, int length) {}

    private record Repetition(int start, int period, int times) {
        int spared() {
            return (times - 1) * period;
        }
    }

    private final int[] kinds;
    private final int[] bytes;
    private final int mostTasks;
    private final int mostBytes;
    private final List<Segment> segments = new ArrayList<>();

    private Segments(int[] kinds, int[] bytes, int mostTasks, int mostBytes) {
        this.kinds = kinds;
        this.bytes = bytes;
        this.mostTasks = mostTasks;
        this.mostBytes = mostBytes;
    }

    /// @param kinds     equal where the same code does two tasks
    /// @param bytes     that a graph needs for each task
    /// @param mostTasks of a graph
    /// @param mostBytes of a graph
    /// @return pieces that cover all tasks in their order
    static List<Segment> of(int[] kinds, int[] bytes, int mostTasks, int mostBytes) {
        var cut = new Segments(kinds, bytes, mostTasks, mostBytes);
        cut.cut(0, kinds.length);
        return List.copyOf(cut.segments);
    }

    private void cut(int from, int to) {
        Repetition best = longest(from, to);
        if (best == null) {
            fill(from, to);
            return;
        }
        cut(from, best.start());
        int end = best.start();
        for (int k = 0; k < best.times(); k++) {
            fill(end, end + best.period());
            end += best.period();
        }
        cut(end, to);
    }

    private Repetition longest(int from, int to) {
        Repetition best = null;
        for (int period = SHORTEST; 2 * period <= to - from; period++) {
            int start = from;
            for (int j = from; j + period <= to; j++) {
                boolean same = j + period < to && kinds[j] == kinds[j + period];
                if (same) {
                    continue;
                }
                var found = new Repetition(start, period, (j - start) / period + 1);
                if (found.times() > 1 && (best == null || found.spared() > best.spared())) {
                    best = found;
                }
                start = j + 1;
            }
        }
        return best;
    }

    private void fill(int from, int to) {
        int start = from;
        int sum = 0;
        for (int j = from; j < to; j++) {
            if (j - start == mostTasks || sum + bytes[j] > mostBytes) {
                segments.add(new Segment(start, j - start));
                start = j;
                sum = 0;
            }
            sum += bytes[j];
        }
        if (to > start) {
            segments.add(new Segment(start, to - start));
        }
    }
}
