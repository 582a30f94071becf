package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import cglora.kernels.Kernel;
import cglora.kernels.Kernel.Role;
import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.check.KernelSample;
import cglora.kernels.check.KernelSample.Expected;
import cglora.kernels.check.KernelSamples;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.optimizer.OptimizerKernels;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Region;
import cglora.kernels.testing.Assert;
import cglora.kernels.testing.KernelFamilies;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every kernel's own method and every variant of it on every device, against the float64
/// reference. The variants of all kinds run everywhere: those for GPUs must be right on a CPU,
/// too.
@TornadoTest
class TornadoKernelsTest {
    /// At most, of a kernel: the system property `cglora.test.samples` says so otherwise.
    private static final int SAMPLES = Integer.getInteger("cglora.test.samples", 8);

    private static final int MARGIN = 5;

    /// Of the kernels' own methods.
    private static final int WORK_GROUP = 64;

    /// Work items of a work group of rows, and of a side of a tile: a warp, and the most that the
    /// variants take.
    private static final List<int[]> GPU_SIZES = List.of(new int[] {32, 8}, new int[] {1024, 16});

    private static final List<Kernel> ATTENTION =
            List.of(AttentionKernels.ATTENTION_FORWARD, AttentionKernels.ATTENTION_GRADIENT);

    /// What one task writes lies in different arenas.
    private static final List<Region> WRITTEN =
            List.of(Region.STATE, Region.SECOND_MOMENTS, Region.GRADIENTS, Region.PARAMETERS);

    @Test
    void thereIsADevice() {
        assertThat(TestDevices.all()).isNotEmpty();
        TestDevices.all().forEach(device -> System.out.println("device: " + device));
    }

    @TestFactory
    Stream<DynamicContainer> ownMethods() {
        return onEachDevice(
                device ->
                        kernels()
                                .map(
                                        kernel ->
                                                dynamicTest(
                                                        device.id() + " " + kernel,
                                                        () -> checkOwn(device, kernel))));
    }

    @TestFactory
    Stream<DynamicContainer> cpuVariants() {
        return onEachDevice(
                device ->
                        DeviceVariants.of(DeviceKind.CPU).stream()
                                .filter(variant -> isWanted(variant.kernel()))
                                .map(variant -> variant(device, generic(device), variant)));
    }

    /// In the sizes of profiles, which are clamped to what the device allows.
    @TestFactory
    Stream<DynamicContainer> gpuVariants() {
        return onEachDevice(
                device ->
                        GPU_SIZES.stream()
                                .map(sizes -> gpu(device, sizes[0], sizes[1]))
                                .flatMap(
                                        profile ->
                                                DeviceVariants.of(profile, device).stream()
                                                        .filter(v -> isWanted(v.kernel()))
                                                        .map(v -> variant(device, profile, v))));
    }

    /// Rows of several sequences, of all widths and heads.
    @TestFactory
    Stream<DynamicContainer> attentionInPackedRows() {
        return onEachDevice(
                device ->
                        Stream.concat(
                                        Stream.of(generic(device)),
                                        GPU_SIZES.stream().map(s -> gpu(device, s[0], s[1])))
                                .flatMap(profile -> packedRows(device, profile)));
    }

    private static Stream<DynamicTest> packedRows(DeviceInfo device, DeviceProfile profile) {
        List<DeviceVariant> variants =
                profile.kind() == DeviceKind.CPU
                        ? DeviceVariants.of(DeviceKind.CPU)
                        : DeviceVariants.of(profile, device);
        return variants.stream()
                .filter(v -> ATTENTION.contains(v.kernel()) && isWanted(v.kernel()))
                .map(
                        v ->
                                dynamicTest(
                                        device.id() + " " + v + ", " + profile.name(),
                                        () -> checkPackedRows(device, profile, v)));
    }

    private static void checkPackedRows(
            DeviceInfo device, DeviceProfile profile, DeviceVariant variant) {
        try (var engine = new TornadoEngine(device, profile, List.of(variant))) {
            List<KernelSample> packed =
                    KernelSamples.of(variant.kernel()).stream()
                            .filter(sample -> sample.packed().getLast() == 1)
                            .filter(sample -> variant.fits().test(launch(sample)))
                            .toList();
            assertThat(packed).hasSizeGreaterThan(5);
            new Run(engine, variant.kernel()).check(packed);
        }
    }

    /// What a GPU runs of its own in the work groups of its profile: AdamW is among it.
    @TestFactory
    Stream<DynamicContainer> ownMethodsInWorkGroups() {
        List<Kernel> others =
                DeviceVariants.of(DeviceKind.GPU).stream().map(DeviceVariant::kernel).toList();
        return onEachDevice(
                device ->
                        kernels()
                                .filter(kernel -> !others.contains(kernel))
                                .filter(kernel -> !inWorkGroups(kernel).isEmpty())
                                .map(kernel -> ownInWorkGroups(device, kernel)));
    }

    /// AdamW's own method is what GPUs run: it must be among those that are tested so.
    @Test
    void adamWIsAmongTheOwnMethodsInWorkGroups() {
        assertThat(DeviceVariants.of(DeviceKind.GPU).stream().map(DeviceVariant::kernel))
                .doesNotContain(OptimizerKernels.ADAM_W);
        assertThat(inWorkGroups(OptimizerKernels.ADAM_W)).isNotEmpty();
        for (DeviceInfo device : TestDevices.all()) {
            try (var engine = new TornadoEngine(device, gpu(device, WORK_GROUP, 16), List.of())) {
                KernelSample sample = inWorkGroups(OptimizerKernels.ADAM_W).getFirst();
                assertThat(engine.grid(launch(sample), Optional.empty()))
                        .contains(new Grid(sample.count(), 1, WORK_GROUP, 1));
            }
        }
    }

    private static DynamicTest ownInWorkGroups(DeviceInfo device, Kernel kernel) {
        return dynamicTest(
                device.id() + " " + kernel,
                () -> {
                    DeviceProfile profile = gpu(device, WORK_GROUP, 16);
                    try (var engine = new TornadoEngine(device, profile, List.of())) {
                        new Run(engine, kernel).check(some(inWorkGroups(kernel)));
                    }
                });
    }

    private static List<KernelSample> inWorkGroups(Kernel kernel) {
        return KernelSamples.of(kernel).stream()
                .filter(sample -> sample.count() % WORK_GROUP == 0)
                .toList();
    }

    /// All, or those whose names match the regular expression in the system property
    /// `cglora.test.kernels`.
    private static Stream<Kernel> kernels() {
        return KernelFamilies.kernels().stream().filter(TornadoKernelsTest::isWanted);
    }

    private static boolean isWanted(Kernel kernel) {
        return kernel.name().matches(System.getProperty("cglora.test.kernels", ".*"));
    }

    private interface TestsOf {
        Stream<DynamicTest> of(DeviceInfo device);
    }

    private static Stream<DynamicContainer> onEachDevice(TestsOf tests) {
        return TestDevices.all().stream()
                .map(device -> dynamicContainer(device.toString(), tests.of(device)));
    }

    private static DeviceProfile generic(DeviceInfo device) {
        return DeviceProfile.generic(device);
    }

    /// A profile that uses the device as a GPU.
    private static DeviceProfile gpu(DeviceInfo device, int workGroup, int side) {
        return new DeviceProfile(
                "work group " + workGroup + ", tile " + side,
                device.id().backend(),
                DeviceKind.GPU,
                "",
                "",
                0.8,
                workGroup,
                Map.of("matmul.tile", side, "attention.tile", side),
                "",
                List.of());
    }

    private static void checkOwn(DeviceInfo device, Kernel kernel) {
        try (var engine = new TornadoEngine(device, generic(device), List.of())) {
            new Run(engine, kernel).check(some(KernelSamples.of(kernel)));
        }
    }

    private static DynamicTest variant(
            DeviceInfo device, DeviceProfile profile, DeviceVariant variant) {
        return dynamicTest(
                device.id() + " " + variant + ", " + profile.name(),
                () -> checkVariant(device, profile, variant));
    }

    private static void checkVariant(
            DeviceInfo device, DeviceProfile profile, DeviceVariant variant) {
        try (var engine = new TornadoEngine(device, profile, List.of(variant))) {
            List<KernelSample> fitting =
                    KernelSamples.of(variant.kernel()).stream()
                            .filter(sample -> variant.fits().test(launch(sample)))
                            .toList();
            assertThat(fitting).as("samples that fit %s", variant).isNotEmpty();
            new Run(engine, variant.kernel()).check(some(fitting));
        }
    }

    /// At most [#SAMPLES] of them, since each is compiled on its own; spread by the golden ratio,
    /// which falls in step with no list of sizes.
    private static List<KernelSample> some(List<KernelSample> samples) {
        if (samples.size() <= SAMPLES) {
            return samples;
        }
        return IntStream.range(0, SAMPLES)
                .map(i -> (int) (i * 0.618034 % 1 * samples.size()))
                .distinct()
                .mapToObj(samples::get)
                .toList();
    }

    private static Launch launch(KernelSample sample) {
        var buffers = new ArrayList<Buffer>();
        for (int i = 0; i < sample.operands().size(); i++) {
            String name = sample.kernel().operands().get(i).name();
            buffers.add(
                    sample.operands().get(i) instanceof float[] floats
                            ? Buffer.scratch(name, DataType.FLOAT32, floats.length)
                            : ints(name, (int[]) sample.operands().get(i)));
        }
        return launch(sample, buffers);
    }

    private static Launch launch(KernelSample sample, List<Buffer> buffers) {
        return new Launch(
                sample.kernel(),
                sample.count(),
                sample.grain(),
                buffers,
                sample.packed(),
                sample.scalars(),
                0);
    }

    private static Buffer ints(String name, int[] values) {
        return Buffer.scratch(name, DataType.INT32, values.length);
    }

    /// All samples of a kernel as one program. Floats stay on the device, with NaN between them:
    /// what a method reads beyond an operand shows, and what it writes there, too.
    private static final class Run {
        private final TornadoEngine engine;
        private final Kernel kernel;
        private final Layout layout = new Layout();
        private final Map<Buffer, float[]> resident = new LinkedHashMap<>();
        private final Map<Buffer, int[]> inputs = new LinkedHashMap<>();
        private final List<Buffer> margins = new ArrayList<>();
        private final List<Map<String, Buffer>> places = new ArrayList<>();

        Run(TornadoEngine engine, Kernel kernel) {
            this.engine = engine;
            this.kernel = kernel;
        }

        void check(List<KernelSample> samples) {
            var launches = new ArrayList<Launch>();
            for (KernelSample sample : samples) {
                Map<String, Buffer> place = place(sample);
                places.add(place);
                launches.add(launch(sample, List.copyOf(place.values())));
            }
            engine.allocate(layout);
            resident.forEach(engine::write);
            LoadedProgram program =
                    engine.load(
                            Planner.plan(
                                    kernel.name(),
                                    launches,
                                    new LinkedHashSet<>(inputs.keySet()),
                                    Set.of()));
            inputs.forEach(program::write);
            program.run();
            for (int i = 0; i < samples.size(); i++) {
                compare(samples.get(i), places.get(i));
            }
            for (Buffer margin : margins) {
                assertThat(engine.read(margin)).as("beside the operands").containsOnly(Float.NaN);
            }
        }

        private Map<String, Buffer> place(KernelSample sample) {
            var place = new LinkedHashMap<String, Buffer>();
            int written = 0;
            for (int i = 0; i < sample.operands().size(); i++) {
                Kernel.Operand operand = kernel.operands().get(i);
                if (sample.operands().get(i) instanceof int[] values) {
                    Buffer input = ints(operand.name(), values);
                    inputs.put(input, values);
                    place.put(operand.name(), input);
                    continue;
                }
                boolean isRead = operand.role() == Role.READ;
                Region region = isRead ? Region.WEIGHTS : WRITTEN.get(written++);
                float[] values = (float[]) sample.operands().get(i);
                margin(region);
                Buffer buffer = layout.allocate(region, operand.name(), values.length);
                margin(region);
                resident.put(buffer, values);
                place.put(operand.name(), buffer);
            }
            return place;
        }

        private void margin(Region region) {
            float[] poison = new float[MARGIN];
            Arrays.fill(poison, Float.NaN);
            Buffer margin = layout.allocate(region, "margin", MARGIN);
            margins.add(margin);
            resident.put(margin, poison);
        }

        private void compare(KernelSample sample, Map<String, Buffer> place) {
            for (Expected expected : sample.expected()) {
                Assert.assertClose(
                        "%s on %s, %s".formatted(sample, engine.info(), expected.operand()),
                        sample.seed(),
                        engine.read(place.get(expected.operand())),
                        0,
                        expected.values(),
                        expected.bounds());
            }
        }
    }
}
