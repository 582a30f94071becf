package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.kernels.testing.Norms;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.Statistics;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// LoRA steps of MiniLM on a device against those of the JVM engine.
@TornadoTest
class TornadoTrainingTest {
    private static final int STEPS = 10;

    /// Each launch is compiled on its own: a step has fewer.
    private static final int LAUNCHES = 250;

    /// By TornadoVM's profiler on OpenCL: of a task's arguments, and of an array.
    private static final long FRAME_BYTES = 24;

    private static final long HEADER_BYTES = 16;

    /// More than the table of words takes, and less than all weights do.
    private static final long SMALL_BUFFER = 48L << 20;

    /// As it is; with weights in several buffers; with what GPUs run, in sizes of a profile.
    static Stream<Arguments> devices() {
        return TestDevices.all().stream()
                .flatMap(
                        device ->
                                Stream.of(
                                        Arguments.of(device, DeviceProfile.generic(device)),
                                        Arguments.of(
                                                withLargestBuffer(device),
                                                DeviceProfile.generic(device)),
                                        Arguments.of(device, asGpu(device))));
    }

    private static DeviceInfo withLargestBuffer(DeviceInfo of) {
        return new DeviceInfo(
                of.id(),
                of.backendIndex(),
                of.deviceIndex(),
                of.kind(),
                of.name(),
                of.platform(),
                of.vendor(),
                of.driver(),
                of.languageVersion(),
                of.globalMemory(),
                SMALL_BUFFER,
                of.localMemory(),
                of.maxWorkGroup(),
                of.maxWorkItems(),
                of.computeUnits(),
                of.fp64(),
                of.fp16());
    }

    private static DeviceProfile asGpu(DeviceInfo device) {
        return new DeviceProfile(
                "gpu-for-tests",
                device.id().backend(),
                DeviceKind.GPU,
                "",
                "",
                0.8,
                64,
                Map.of("matmul.tile", 8, "attention.tile", 8),
                "",
                List.of());
    }

    @ParameterizedTest
    @MethodSource("devices")
    void gradientsAndLossesEqualThoseOfTheJvm(DeviceInfo device, DeviceProfile profile) {
        var random = new Random(3);
        var tokens = new ArrayList<Tokens>();
        for (int length : new int[] {16, 9, 4, 13}) {
            tokens.add(
                    new Tokens(
                            random.ints(length, 1000, 20_000).toArray(), new int[length], length));
        }
        Dataset data = new Dataset(tokens, new int[] {0, 1, 1, 0}, new float[4], 0, 16);
        Batch batch = new Batcher(4, new int[] {16}, 0).batch(data, new int[] {0, 1, 2, 3});
        var onDevice = new TornadoEngine(device, profile);
        var placed = new LayoutEngine(onDevice, onDevice::layout);
        try (PretrainedModel checkpoint = MiniLm.load();
                Session expected = session(new JvmEngine(2), checkpoint);
                Session actual = session(placed, checkpoint)) {
            var reference = new TrainingStep(expected);
            var step = new TrainingStep(actual);
            assertThat(actual.training().planned(BatchShape.of(4, 16)).launches())
                    .hasSizeLessThan(LAUNCHES);
            long before = onDevice.statistics().bytesUp();
            assertThat(step.run(batch)).isCloseTo(reference.run(batch), within(1e-4));
            long up = onDevice.statistics().bytesUp() - before;
            for (LoraLayer layer : expected.adapters().values()) {
                for (String name : List.of(layer.loraA(), layer.loraB())) {
                    assertThat(
                                    Norms.difference(
                                            actual.training().gradient(name),
                                            expected.training().gradient(name)))
                            .as("‖difference‖/‖gradient‖ of " + name)
                            .isLessThan(1e-3);
                }
            }
            assertThat(placed.arenas(Region.WEIGHTS))
                    .as("buffers of the weights")
                    .isEqualTo(device.maxAllocation() == SMALL_BUFFER ? 2 : 1);
            long tasks = onDevice.statistics().tasks();
            assertThat(tasks)
                    .as("tasks that are compiled: the six layers share theirs")
                    .isLessThan(LAUNCHES / 2);
            if (profile.kind() == DeviceKind.GPU) {
                assertThat(onDevice.statistics().variants())
                        .as("launches that run a variant for GPUs")
                        .isGreaterThan(tasks / 2);
            }
            long compiling = onDevice.statistics().compileNanos();
            long sent = onDevice.statistics().bytesUp();
            for (int i = 1; i < STEPS; i++) {
                assertThat(step.run(batch))
                        .as("loss of step %d", i + 1)
                        .isCloseTo(reference.run(batch), within(2e-3));
            }
            // nothing is compiled again, and nothing resident moves
            assertThat(onDevice.statistics().tasks()).isEqualTo(tasks);
            assertThat(onDevice.statistics().compileNanos()).isEqualTo(compiling);
            assertThat(onDevice.statistics().bytesUp() - sent).isEqualTo((STEPS - 1) * up);
            assertMovesOnlyWhatIsDeclared(
                    onDevice,
                    () -> step.run(batch),
                    actual.training().planned(BatchShape.of(4, 16)));
        }
    }

    /// What TornadoVM's profiler sees move in a step is what the step's graphs declare, and that is
    /// the batch for each graph and the small outputs: no weight, no state, no activation.
    private static void assertMovesOnlyWhatIsDeclared(
            TornadoEngine engine, Runnable step, Program program) {
        Statistics statistics = engine.statistics();
        long up = statistics.bytesUp();
        long down = statistics.bytesDown();
        long graphs = statistics.graphExecutions();
        engine.startProfile();
        step.run();
        engine.stopProfile();
        up = statistics.bytesUp() - up;
        down = statistics.bytesDown() - down;
        graphs = statistics.graphExecutions() - graphs;
        long inputs = program.inputArenas().stream().mapToLong(arena -> 4L * arena.length()).sum();
        // the offsets of layers that share a graph, a table for each launch
        long tables =
                program.launches().stream()
                        .mapToLong(l -> 4L * (l.buffers().size() + l.packed().size()))
                        .sum();
        assertThat(up).isBetween(inputs, inputs * graphs + tables);
        assertThat(down).isBetween(4L, 4L * 64);
        long launches = program.launches().size();
        // a frame for each launch and for the task that gathers the outputs
        long frames = FRAME_BYTES * (launches + 1);
        long headers = (statistics.copiedUp() - frames) / 2 - up;
        assertThat(statistics.copiedUp()).isEqualTo(frames + 2 * (up + headers));
        assertThat(headers % HEADER_BYTES).isZero();
        assertThat(headers / HEADER_BYTES).isBetween(1L, 3 * graphs + launches);
        assertThat(statistics.copiedDown()).isEqualTo(down + HEADER_BYTES);
    }

    private static Session session(Engine engine, PretrainedModel checkpoint) {
        var session = new Session(engine, MiniLm.classifier(checkpoint), checkpoint, false);
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : session.model().linearModules()) {
            layers.add(new LoraLayer(module, 8, 2f, 0f, false));
        }
        session.addAdapters(layers);
        var random = new Random(11);
        session.write("classifier.weight", gaussian(random, 2 * 384, 0.1));
        for (LoraLayer layer : layers) {
            session.write(layer.loraA(), gaussian(random, 8 * layer.module().in(), 0.05));
            session.write(layer.loraB(), gaussian(random, 8 * layer.module().out(), 0.01));
        }
        return session;
    }

    private static float[] gaussian(Random random, int length, double scale) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (scale * random.nextGaussian());
        }
        return values;
    }
}
