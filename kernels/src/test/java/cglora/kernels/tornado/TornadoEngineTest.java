package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.error.CgloraException;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What stays on a device, what moves, and what is refused.
@TornadoTest
class TornadoEngineTest {
    static Stream<DeviceInfo> devices() {
        return TestDevices.all().stream();
    }

    private static TornadoEngine engine(DeviceInfo device) {
        return new TornadoEngine(device, DeviceProfile.generic(device));
    }

    private static Buffer floats(String name, int length) {
        return Buffer.scratch(name, DataType.FLOAT32, length);
    }

    /// `sum += scale · x`, and twice the sum.
    private record Adding(Buffer x, Buffer doubled, Program program) {
        static Adding of(Buffer sum, float scale) {
            Buffer x = floats("x", sum.length());
            Buffer doubled = floats("doubled", sum.length());
            return new Adding(
                    x,
                    doubled,
                    Planner.plan(
                            "adding",
                            List.of(
                                    Launch.of(
                                            ReductionKernels.ADD_INTO, sum.length(), x, sum, scale),
                                    Launch.of(
                                            ReductionKernels.SCALE_INTO,
                                            sum.length(),
                                            sum,
                                            doubled,
                                            2f)),
                            Set.of(x),
                            Set.of(doubled)));
        }
    }

    private static float[] filled(int length, float value) {
        float[] values = new float[length];
        java.util.Arrays.fill(values, value);
        return values;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void whatComesLaterFindsWhatWasThere(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            var sums = new ArrayList<Buffer>();
            var programs = new ArrayList<LoadedProgram>();
            var addings = new ArrayList<Adding>();
            for (int i = 0; i < 4; i++) {
                int length = 10 + 100 * i;
                var layout = new Layout();
                Buffer sum = layout.allocate(Region.STATE, "sum" + i, length);
                engine.allocate(layout);
                engine.write(sum, filled(length, i));
                sums.add(sum);
                addings.add(Adding.of(sum, 1f));
                programs.add(engine.load(addings.getLast().program()));
                for (int j = 0; j <= i; j++) {
                    LoadedProgram program = programs.get(j);
                    program.write(addings.get(j).x(), filled(sums.get(j).length(), 10f));
                    program.run();
                    float expected = j + 10f * (i - j + 1);
                    assertThat(program.read(addings.get(j).doubled()))
                            .as("program %d after allocation %d", j, i)
                            .containsOnly(2 * expected);
                    assertThat(engine.read(sums.get(j))).containsOnly(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void theHostReplacesParts(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            var layout = new Layout();
            Buffer a = layout.allocate(Region.PARAMETERS, "a", 100);
            Buffer b = layout.allocate(Region.PARAMETERS, "b", 33);
            engine.allocate(layout);
            engine.write(a, filled(100, 1f));
            engine.write(b, filled(33, 2f));
            Adding adding = Adding.of(a, 1f);
            LoadedProgram program = engine.load(adding.program());
            program.write(adding.x(), filled(100, 5f));
            program.run();
            engine.write(a, filled(100, 7f));
            assertThat(engine.read(b)).containsOnly(2f);
            program.run();
            assertThat(engine.read(a)).containsOnly(12f);
            assertThat(engine.read(b)).containsOnly(2f);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void releasedArraysGoAndTheOthersStay(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            var kept = new Layout();
            Buffer a = kept.allocate(Region.PARAMETERS, "a", 50);
            engine.allocate(kept);
            engine.write(a, filled(50, 1f));
            for (int round = 0; round < 3; round++) {
                var passing = new Layout();
                Buffer b = passing.allocate(Region.STATE, "b", 50);
                engine.allocate(passing);
                Adding first = Adding.of(b, 2f);
                Adding second = Adding.of(a, 1f);
                for (Adding adding : List.of(first, second)) {
                    LoadedProgram program = engine.load(adding.program());
                    program.write(adding.x(), filled(50, 3f));
                    program.run();
                }
                assertThat(engine.read(b)).containsOnly(6f);
                engine.release(passing);
                assertThat(engine.read(a)).containsOnly(1f + 3 * (round + 1));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void movesWhatWasDeclared(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            var layout = new Layout();
            Buffer sum = layout.allocate(Region.STATE, "sum", 64);
            engine.allocate(layout);
            Adding adding = Adding.of(sum, 1f);
            LoadedProgram program = engine.load(adding.program());
            program.write(adding.x(), filled(64, 1f));
            program.run();
            long up = engine.statistics().bytesUp();
            long down = engine.statistics().bytesDown();
            long compiled = engine.statistics().tasks();
            long compiling = engine.statistics().compileNanos();
            for (int i = 0; i < 5; i++) {
                program.run();
            }
            assertThat(engine.statistics().bytesUp() - up).isEqualTo(5 * 4 * 64);
            assertThat(engine.statistics().bytesDown() - down).isEqualTo(5 * 4 * 64);
            assertThat(engine.statistics().tasks()).isEqualTo(compiled);
            assertThat(engine.statistics().compileNanos()).isEqualTo(compiling);
            assertThat(program.read(adding.doubled())).containsOnly(12f);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void takesTheTimeOfKernelsWhileAskedTo(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            var layout = new Layout();
            Buffer sum = layout.allocate(Region.STATE, "sum", 64);
            engine.allocate(layout);
            Adding adding = Adding.of(sum, 1f);
            LoadedProgram program = engine.load(adding.program());
            program.write(adding.x(), filled(64, 1f));
            program.run();
            program.run();
            assertThat(engine.statistics().kernelNanos()).isZero();
            engine.startProfile();
            program.run();
            engine.stopProfile();
            long nanos = engine.statistics().kernelNanos();
            assertThat(nanos).isPositive();
            program.run();
            assertThat(engine.statistics().kernelNanos()).isEqualTo(nanos);
            assertThat(program.read(adding.doubled())).containsOnly(8f);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aPlanThatDoesNotFitIsRefusedBeforeItIsCompiled(DeviceInfo device) {
        DeviceProfile small = DeviceProfile.generic(device).withMemoryFraction(1e-6);
        try (var engine = new TornadoEngine(device, small)) {
            var layout = new Layout();
            layout.allocate(Region.WEIGHTS, "w", 1 << 20);
            assertThatThrownBy(() -> engine.allocate(layout))
                    .isInstanceOf(CgloraException.class)
                    .hasMessageContaining("V-MEMORY")
                    .hasMessageContaining(device.id().toString());
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void manyLaunchesAreSeveralGraphs(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            var layout = new Layout();
            Buffer sum = layout.allocate(Region.STATE, "sum", 8);
            engine.allocate(layout);
            Buffer x = floats("x", 8);
            var launches = new ArrayList<Launch>();
            for (int i = 0; i < 150; i++) {
                launches.add(Launch.of(ReductionKernels.ADD_INTO, 8, x, sum, 1f));
            }
            LoadedProgram program =
                    engine.load(Planner.plan("long", launches, Set.of(x), Set.of()));
            program.write(x, filled(8, 1f));
            program.run();
            program.run();
            assertThat(engine.read(sum)).containsOnly(300f);
        }
    }
}
