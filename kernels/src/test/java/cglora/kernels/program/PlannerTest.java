package cglora.kernels.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.optimizer.OptimizerKernels;
import cglora.kernels.reduction.ReductionKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PlannerTest {
    private static final int PROGRAMS = 300;

    /// The launches between which a buffer must keep its place; an input from -1, an output to
    /// the number of launches.
    private record Life(Buffer buffer, int first, int last) {
        boolean meets(Life other) {
            return first <= other.last && other.first <= last;
        }
    }

    private static List<Life> lives(RandomPrograms random) {
        var lives = new ArrayList<Life>();
        for (Buffer buffer : random.buffers()) {
            int first = random.inputs().contains(buffer) ? -1 : Integer.MAX_VALUE;
            int last = random.inputs().contains(buffer) ? -1 : Integer.MIN_VALUE;
            for (int i = 0; i < random.launches().size(); i++) {
                if (random.launches().get(i).buffers().contains(buffer)) {
                    first = Math.min(first, i);
                    last = Math.max(last, i);
                }
            }
            if (random.outputs().contains(buffer)) {
                last = random.launches().size();
            }
            lives.add(new Life(buffer, first, last));
        }
        return lives;
    }

    @Test
    void buffersWhoseLivesMeetNeverOverlap() {
        for (int seed = 0; seed < PROGRAMS; seed++) {
            RandomPrograms random = RandomPrograms.make(seed);
            Program program = random.plan();
            List<Life> lives = lives(random);
            for (int i = 0; i < lives.size(); i++) {
                for (int j = 0; j < i; j++) {
                    Life a = lives.get(i);
                    Life b = lives.get(j);
                    Program.Place x = program.place(a.buffer());
                    Program.Place y = program.place(b.buffer());
                    boolean overlap =
                            x.arena() == y.arena()
                                    && x.offset() < y.offset() + b.buffer().length()
                                    && y.offset() < x.offset() + a.buffer().length();
                    assertThat(overlap && a.meets(b))
                            .as("seed %d: %s at %s and %s at %s", seed, a, x, b, y)
                            .isFalse();
                }
            }
        }
    }

    @Test
    void thePeakIsTheEndOfTheLastBuffer() {
        for (int seed = 0; seed < PROGRAMS; seed++) {
            RandomPrograms random = RandomPrograms.make(seed);
            Program program = random.plan();
            var arenas = new ArrayList<>(program.inputArenas());
            arenas.addAll(program.scratchArenas());
            int[] ends = new int[arenas.size()];
            for (Buffer buffer : random.buffers()) {
                Program.Place place = program.place(buffer);
                assertThat(place.offset() % Arena.ALIGNMENT).isZero();
                assertThat(place.arena().type()).isEqualTo(buffer.type());
                int arena = arenas.indexOf(place.arena());
                assertThat(arena < 2).isEqualTo(random.inputs().contains(buffer));
                ends[arena] = Math.max(ends[arena], place.offset() + buffer.length());
            }
            assertThat(arenas.stream().mapToInt(Arena::length).toArray())
                    .as("seed %d", seed)
                    .containsExactly(ends);
            assertThat(program.scratchBytes()).isEqualTo(4L * Arrays.stream(ends).sum());
        }
    }

    @Test
    void reusesMemory() {
        long with = 0;
        long without = 0;
        for (int seed = 0; seed < PROGRAMS; seed++) {
            RandomPrograms random = RandomPrograms.make(seed);
            with += random.plan().scratchBytes();
            without += random.planWithoutReuse().scratchBytes();
            assertThat(random.plan().scratchBytes())
                    .isLessThanOrEqualTo(random.planWithoutReuse().scratchBytes());
        }
        assertThat(with).isLessThan(without / 2);
    }

    @Test
    void isDeterministicWhateverTheOrderOfTheSets() {
        for (int seed = 0; seed < PROGRAMS; seed++) {
            RandomPrograms random = RandomPrograms.make(seed);
            var shuffled = new ArrayList<>(random.inputs());
            Collections.reverse(shuffled);
            Program other =
                    Planner.plan(
                            "random",
                            random.launches(),
                            new LinkedHashSet<>(shuffled),
                            random.outputs());
            assertThat(other.toString()).isEqualTo(random.plan().toString());
            for (Buffer buffer : random.buffers()) {
                assertThat(other.place(buffer).offset())
                        .as("seed %d, %s", seed, buffer)
                        .isEqualTo(random.plan().place(buffer).offset());
            }
        }
    }

    @Test
    void sharedMemoryGivesTheSameResults() {
        for (int threads = 1; threads <= 2; threads++) {
            try (var engine = new JvmEngine(threads)) {
                for (int seed = 0; seed < (threads == 1 ? PROGRAMS : 40); seed++) {
                    RandomPrograms random = RandomPrograms.make(seed);
                    assertThat(run(engine, random, random.plan()))
                            .as("seed %d", seed)
                            .isEqualTo(run(engine, random, random.planWithoutReuse()));
                }
            }
        }
    }

    private static List<List<Float>> run(JvmEngine engine, RandomPrograms random, Program program) {
        LoadedProgram loaded = engine.load(program);
        var numbers = new Random(1);
        for (Buffer input : random.inputs()) {
            if (input.type() == DataType.INT32) {
                loaded.write(input, new int[] {7});
            } else {
                float[] values = new float[input.length()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = numbers.nextFloat();
                }
                loaded.write(input, values);
            }
        }
        loaded.run();
        var results = new ArrayList<List<Float>>();
        for (Buffer output : random.outputs()) {
            var values = new ArrayList<Float>();
            for (float value : loaded.read(output)) {
                values.add(value);
            }
            results.add(values);
        }
        return results;
    }

    private static Buffer floats(String name, int length) {
        return Buffer.scratch(name, DataType.FLOAT32, length);
    }

    @Test
    void refusesToReadWhatNothingWrote() {
        Buffer x = floats("x", 4);
        Buffer y = floats("y", 4);
        var launches = List.of(Launch.of(ReductionKernels.COPY_INTO, 4, x, y));
        assertThatThrownBy(() -> Planner.plan("p", launches, Set.of(), Set.of(y)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("program p: launch 0 (copyInto) reads x[4], which nothing wrote");
    }

    @Test
    void refusesAnOutputThatNothingWrites() {
        Buffer x = floats("x", 4);
        assertThatThrownBy(() -> Planner.plan("p", List.of(), Set.of(), Set.of(x)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("program p: nothing writes the output x[4]");
    }

    @Test
    void anInputThatIsAnOutputKeepsItsPlaceThroughout() {
        Buffer x = floats("x", 16);
        Buffer y = floats("y", 16);
        Program program =
                Planner.plan(
                        "p",
                        List.of(
                                Launch.of(ReductionKernels.COPY_INTO, 16, x, y),
                                Launch.of(ReductionKernels.ADD_INTO, 16, y, y, 1f)),
                        Set.of(x),
                        Set.of(x));
        assertThat(program.place(x).arena()).isNotSameAs(program.place(y).arena());
        assertThat(program.scratchBytes()).isEqualTo(4 * 32);
    }

    @Test
    void whatOneLaunchWritesLiesInDifferentArenas() {
        Buffer x = floats("x", 12);
        Buffer gain = floats("gain", 4);
        Buffer normalized = floats("normalized", 12);
        Buffer y = floats("y", 12);
        Buffer rstd = floats("rstd", 3);
        Buffer copy = floats("copy", 3);
        Program program =
                Planner.plan(
                        "p",
                        List.of(
                                Launch.of(
                                        LayerNormKernels.LAYER_NORM,
                                        3,
                                        x,
                                        gain,
                                        gain,
                                        normalized,
                                        y,
                                        rstd,
                                        4,
                                        1e-5f),
                                Launch.of(ReductionKernels.COPY_INTO, 3, rstd, copy)),
                        Set.of(x, gain),
                        Set.of(normalized, y, copy));
        assertThat(
                        Set.of(
                                program.place(normalized).arena(),
                                program.place(y).arena(),
                                program.place(rstd).arena()))
                .hasSize(3);
        assertThat(program.scratchArenas()).hasSize(3);
        assertThat(program.place(copy).arena()).isSameAs(program.scratchArenas().getFirst());
    }

    @Test
    void refusesALaunchThatWritesTwoBuffersOfOneArena() {
        Buffer x = floats("x", 8);
        Buffer a = floats("a", 8);
        Buffer b = floats("b", 8);
        Buffer hyper = floats("hyper", 6);
        Buffer clip = floats("clip", 2);
        var launches =
                List.of(
                        Launch.of(ReductionKernels.COPY_INTO, 8, x, a),
                        Launch.of(ReductionKernels.COPY_INTO, 8, x, b),
                        Launch.of(OptimizerKernels.ADAM_W, 8, x, hyper, clip, a, b, x, 1f, 0f));
        assertThatThrownBy(() -> Planner.plan("p", launches, Set.of(x, hyper, clip), Set.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("program p: adamW writes two buffers that share an arena");
    }

    @Test
    void persistentBuffersTakeNoScratch() {
        var layout = new Layout();
        Buffer w = layout.allocate(Region.WEIGHTS, "w", 1000);
        Buffer y = floats("y", 8);
        Program program =
                Planner.plan(
                        "p",
                        List.of(Launch.of(ReductionKernels.COPY_INTO, 8, w, y)),
                        Set.of(w),
                        Set.of(y, w));
        assertThat(program.scratchBytes()).isEqualTo(4 * 8);
        assertThat(program.place(w)).isEqualTo(Program.persistentPlace(w));
    }

    @Test
    void aProgramPrintsItsLaunches() {
        Buffer x = floats("x", 16);
        Buffer y = floats("y", 16);
        Program program =
                Planner.plan(
                        "p",
                        List.of(Launch.of(ReductionKernels.COPY_INTO, 16, x, y).withOperations(5)),
                        Set.of(x),
                        Set.of(y));
        assertThat(program.toString().lines())
                .containsExactly(
                        "program p  launches 1  scratch 0.0 MiB",
                        "  copyInto(x[16], y[16]) × 16  @0 @0");
        assertThat(program.operations()).isEqualTo(5);
    }
}
