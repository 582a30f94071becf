package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.tornado.Segments.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SegmentsTest {
    private static final int MOST = 72;

    private static List<Segment> cut(int[] kinds) {
        int[] bytes = new int[kinds.length];
        Arrays.fill(bytes, 100);
        return Segments.of(kinds, bytes, MOST, 7000);
    }

    /// Tasks that are compiled: those of pieces that are not the same as one before.
    private static int compiled(int[] kinds) {
        var known = new HashSet<List<Integer>>();
        int tasks = 0;
        for (Segment segment : cut(kinds)) {
            int end = segment.start() + segment.length();
            if (known.add(Arrays.stream(kinds, segment.start(), end).boxed().toList())) {
                tasks += segment.length();
            }
        }
        return tasks;
    }

    /// `before` other kinds, then `times` times the same `period` kinds, then others.
    private static int[] layers(int before, int period, int times, int behind) {
        int[] kinds = new int[before + period * times + behind];
        for (int i = 0; i < kinds.length; i++) {
            boolean isLayer = i >= before && i < before + period * times;
            kinds[i] = isLayer ? (i - before) % period : 1000 + i;
        }
        return kinds;
    }

    @Test
    void whatRepeatsIsCompiledOnce() {
        assertThat(compiled(layers(3, 20, 6, 5))).isEqualTo(3 + 20 + 5);
        assertThat(compiled(layers(0, 8, 2, 0))).isEqualTo(8);
        assertThat(compiled(layers(100, 30, 12, 100))).isEqualTo(230);
    }

    /// A layer that is longer than a graph is several graphs, each of which repeats.
    @Test
    void aLongPeriodIsCut() {
        assertThat(compiled(layers(1, 100, 4, 1))).isEqualTo(102);
        assertThat(cut(layers(0, 100, 4, 0))).hasSize(8);
    }

    /// Forward and backward layers, and an end that has half a layer.
    @Test
    void severalRepetitionsAreFound() {
        int[] forward = layers(5, 20, 6, 0);
        int[] backward = Arrays.stream(layers(0, 33, 6, 7)).map(kind -> kind + 5000).toArray();
        int[] kinds = new int[forward.length + backward.length];
        System.arraycopy(forward, 0, kinds, 0, forward.length);
        System.arraycopy(backward, 0, kinds, forward.length, backward.length);
        assertThat(compiled(kinds)).isEqualTo(5 + 20 + 33 + 7);
    }

    /// Short periods come in pieces that are worth a graph.
    @Test
    void manyTasksOfOneKindAreFewGraphs() {
        int[] kinds = new int[150];
        assertThat(compiled(kinds)).isLessThanOrEqualTo(16);
        assertThat(cut(kinds)).hasSizeLessThanOrEqualTo(150 / Segments.SHORTEST + 1);
        assertThat(compiled(new int[] {1, 2, 1, 2, 1, 2})).isEqualTo(6);
    }

    @Test
    void piecesCoverAllTasksAndFitAGraph() {
        var random = new Random(5);
        for (int round = 0; round < 200; round++) {
            int[] kinds = random.ints(random.nextInt(400), 0, 1 + random.nextInt(4)).toArray();
            int[] bytes = random.ints(kinds.length, 20, 300).toArray();
            int next = 0;
            for (Segment segment : Segments.of(kinds, bytes, MOST, 7000)) {
                assertThat(segment.start()).isEqualTo(next);
                assertThat(segment.length()).isBetween(1, MOST);
                next += segment.length();
                assertThat(Arrays.stream(bytes, segment.start(), next).sum())
                        .isLessThanOrEqualTo(7000);
            }
            assertThat(next).isEqualTo(kinds.length);
        }
        assertThat(cut(new int[0])).isEqualTo(new ArrayList<>());
    }
}
