package cglora.kernels.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.check.KernelSample;
import cglora.kernels.check.KernelSample.Expected;
import cglora.kernels.check.KernelSamples;
import cglora.kernels.check.SampleRun;
import cglora.kernels.dropout.DropoutKernels;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.testing.Assert;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(120)
class JvmEngineTest {
    static Stream<KernelSample> samples() {
        return KernelSamples.all().stream();
    }

    /// Engines of 1 and of 2 threads, with the plain kernels and with the host's variants.
    private static final List<JvmEngine> ENGINES = new ArrayList<>();

    @BeforeAll
    static void open() {
        for (int threads = 1; threads <= 2; threads++) {
            ENGINES.add(new JvmEngine(threads, List.of()));
            ENGINES.add(new JvmEngine(threads, HostVariant.all()));
        }
    }

    @AfterAll
    static void close() {
        ENGINES.forEach(JvmEngine::close);
    }

    /// Every sample as a program of one launch.
    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void runsEveryKernel(KernelSample sample) {
        for (JvmEngine engine : ENGINES) {
            List<float[]> results = SampleRun.on(engine, sample);
            for (int i = 0; i < results.size(); i++) {
                Expected expected = sample.expected().get(i);
                Assert.assertClose(
                        "%s on %d threads, %s"
                                .formatted(sample, engine.parallelism(), expected.operand()),
                        sample.seed(),
                        results.get(i),
                        0,
                        expected.values(),
                        expected.bounds());
            }
            if (engine.parallelism() > 1) {
                assertThat(SampleRun.on(engine, sample))
                        .as("a second run on as many threads")
                        .usingElementComparator(Arrays::compare)
                        .isEqualTo(results);
            }
        }
    }

    @Test
    void dropsTheSameElementsOnAnyNumberOfThreads() {
        int n = 10_001;
        float[] ones = new float[n];
        Arrays.fill(ones, 1f);
        float[] direct = new float[n];
        DropoutKernels.dropout(0, n, ones, new int[] {77}, direct, new int[3], 0, 5, 0.1f);
        for (int threads = 1; threads <= 3; threads++) {
            var x = Buffer.scratch("x", DataType.FLOAT32, n);
            var seed = Buffer.scratch("seed", DataType.INT32, 1);
            var y = Buffer.scratch("y", DataType.FLOAT32, n);
            var launch = Launch.of(DropoutKernels.DROPOUT, n, x, seed, y, 5, 0.1f);
            Program program = Planner.plan("dropout", List.of(launch), Set.of(x, seed), Set.of(y));
            try (var engine = new JvmEngine(threads)) {
                LoadedProgram loaded = engine.load(program);
                loaded.write(x, ones);
                loaded.write(seed, new int[] {77});
                loaded.run();
                assertThat(loaded.read(y)).isEqualTo(direct);
            }
        }
    }

    @Test
    void persistentBuffersKeepTheirContentsAcrossPrograms() {
        var layout = new Layout();
        Buffer weights = layout.allocate(Region.WEIGHTS, "w", 5);
        Buffer state = layout.allocate(Region.STATE, "s", 5);
        Program add =
                Planner.plan(
                        "add",
                        List.of(Launch.of(ReductionKernels.ADD_INTO, 5, weights, state, 2f)),
                        Set.of(),
                        Set.of());
        Program copy =
                Planner.plan(
                        "copy",
                        List.of(Launch.of(ReductionKernels.COPY_INTO, 5, state, weights)),
                        Set.of(),
                        Set.of());
        try (var engine = new JvmEngine(2)) {
            engine.allocate(layout);
            engine.write(weights, new float[] {1, 2, 3, 4, 5});
            LoadedProgram adding = engine.load(add);
            LoadedProgram copying = engine.load(copy);
            adding.run();
            adding.run();
            assertThat(engine.read(state)).containsExactly(4, 8, 12, 16, 20);
            engine.allocate(layout); // again: nothing is lost
            copying.run();
            assertThat(engine.read(weights)).containsExactly(4, 8, 12, 16, 20);
        }
    }

    @Test
    void aLargerProgramDoesNotDisturbASmallerOne() {
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, 3);
        Buffer y = Buffer.scratch("y", DataType.FLOAT32, 3);
        Program small =
                Planner.plan(
                        "small",
                        List.of(Launch.of(ReductionKernels.SCALE_INTO, 3, x, y, 3f)),
                        Set.of(x),
                        Set.of(y));
        Buffer big = Buffer.scratch("big", DataType.FLOAT32, 5000);
        Buffer sum = Buffer.scratch("sum", DataType.FLOAT32, 1);
        Program large =
                Planner.plan(
                        "large",
                        List.of(Launch.of(ReductionKernels.COLUMN_SUM, 1, big, sum, 5000, 1)),
                        Set.of(big),
                        Set.of(sum));
        try (var engine = new JvmEngine(2)) {
            LoadedProgram first = engine.load(small);
            first.write(x, new float[] {1, 2, 3});
            first.run();
            LoadedProgram second = engine.load(large);
            second.write(big, new float[5000]);
            second.run();
            assertThat(second.read(sum)).containsExactly(0f);
            first.write(x, new float[] {4, 5, 6});
            first.run();
            assertThat(first.read(y)).containsExactly(12, 15, 18);
        }
    }

    @Test
    void namesTheLaunchThatFails() {
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, 3);
        Buffer y = Buffer.scratch("y", DataType.FLOAT32, 3);
        Program program =
                Planner.plan(
                        "wrong",
                        List.of(Launch.of(ReductionKernels.COPY_INTO, 1000, x, y)),
                        Set.of(x),
                        Set.of(y));
        try (var engine = new JvmEngine(2)) {
            LoadedProgram loaded = engine.load(program);
            assertThatThrownBy(loaded::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("launch 0 of wrong: copyInto(x[3], y[3]) × 1000")
                    .hasCauseInstanceOf(ArrayIndexOutOfBoundsException.class);
        }
    }

    @Test
    void refusesValuesOfAnotherLength() {
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, 3);
        Buffer y = Buffer.scratch("y", DataType.FLOAT32, 3);
        Program program =
                Planner.plan(
                        "copy",
                        List.of(Launch.of(ReductionKernels.COPY_INTO, 3, x, y)),
                        Set.of(x),
                        Set.of(y));
        try (var engine = new JvmEngine(1)) {
            LoadedProgram loaded = engine.load(program);
            assertThatThrownBy(() -> loaded.write(x, new float[4]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("x[3] given 4 values");
            assertThatThrownBy(() -> loaded.read(y, new float[2]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("y[3] read into 2 values");
            var other = Buffer.scratch("z", DataType.FLOAT32, 3);
            assertThatThrownBy(() -> loaded.read(other))
                    .hasMessage("program copy does not use z[3]");
        }
    }

    @Test
    void refusesPersistentBuffersThatWereNotAllocated() {
        Buffer weights = new Layout().allocate(Region.WEIGHTS, "w", 5);
        try (var engine = new JvmEngine(1)) {
            assertThatThrownBy(() -> engine.read(weights))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("w[5] has not been allocated");
        }
    }

    @Test
    void aReleasedLayoutIsGone() {
        var layout = new Layout();
        Buffer weights = layout.allocate(Region.WEIGHTS, "w", 5);
        try (var engine = new JvmEngine(1)) {
            engine.allocate(layout);
            assertThat(engine.allocatedBytes()).isEqualTo(20);
            engine.release(layout);
            assertThat(engine.allocatedBytes()).isZero();
            assertThatThrownBy(() -> engine.read(weights))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aViewIsAPartOfItsBuffer() {
        var layout = new Layout();
        layout.allocate(Region.WEIGHTS, "before", 3);
        Buffer weights = layout.allocate(Region.WEIGHTS, "w", 5);
        Buffer part = weights.view("part", 1, 3);
        try (var engine = new JvmEngine(1)) {
            engine.allocate(layout);
            engine.write(weights, new float[] {1, 2, 3, 4, 5});
            assertThat(engine.read(part)).containsExactly(2, 3, 4);
            engine.write(part, new float[] {7, 8, 9});
            assertThat(engine.read(weights)).containsExactly(1, 7, 8, 9, 5);
        }
        assertThatThrownBy(() -> weights.view("beyond", 3, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("elements 3 + 3 of w[5]");
    }

    @Test
    void refusesNoThreads() {
        assertThatThrownBy(() -> new JvmEngine(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("0 threads, expected at least 1");
    }

    @Test
    void profilesLaunchesByFamilyAndKernel() {
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, 3);
        Buffer y = Buffer.scratch("y", DataType.FLOAT32, 3);
        Program program =
                Planner.plan(
                        "two",
                        List.of(
                                Launch.of(ReductionKernels.COPY_INTO, 3, x, y).withOperations(7),
                                Launch.of(ReductionKernels.ADD_INTO, 3, x, y, 1f)),
                        Set.of(x),
                        Set.of(y));
        try (var engine = new JvmEngine(1)) {
            LoadedProgram loaded = engine.load(program);
            Profile profile = engine.startProfile();
            loaded.run();
            loaded.run();
            engine.stopProfile();
            loaded.run();
            assertThat(profile.families()).containsOnlyKeys("reduction");
            assertThat(profile.families().get("reduction").launches()).isEqualTo(4);
            assertThat(profile.kernels()).containsOnlyKeys("copyInto", "addInto");
            assertThat(profile.kernels().get("copyInto").operations()).isEqualTo(14);
        }
    }
}
