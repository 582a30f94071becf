package cglora.kernels.tornado;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import cglora.kernels.Kernel;
import cglora.kernels.Kernel.Role;
import cglora.kernels.check.KernelSample;
import cglora.kernels.check.KernelSample.Expected;
import cglora.kernels.check.KernelSamples;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.LoadedProgram;
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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every kernel on every device, against the float64 reference.
@TornadoTest
class TornadoKernelsTest {
    private static final int SAMPLES = 8;
    private static final List<Region> REGIONS =
            List.of(Region.STATE, Region.SECOND_MOMENTS, Region.GRADIENTS, Region.PARAMETERS);

    @TestFactory
    Stream<DynamicContainer> everyKernelOnEveryDevice() {
        return onEveryDevice(
                KernelFamilies.kernels(),
                device -> new TornadoEngine(device, DeviceProfile.generic(device)));
    }

    /// They are right on any device, if not fast.
    @TestFactory
    Stream<DynamicContainer> everyGpuVariantOnEveryDevice() {
        return onEveryDevice(
                GpuVariants.ALL.stream().map(DeviceVariant::kernel).toList(),
                device ->
                        new TornadoEngine(device, DeviceProfile.generic(device), GpuVariants.ALL));
    }

    private static Stream<DynamicContainer> onEveryDevice(
            List<Kernel> kernels, Function<DeviceInfo, TornadoEngine> engines) {
        return TestDevices.all().stream()
                .map(
                        device ->
                                dynamicContainer(
                                        device.toString(),
                                        kernels.stream().map(k -> test(device, k, engines))));
    }

    private static DynamicTest test(
            DeviceInfo device, Kernel kernel, Function<DeviceInfo, TornadoEngine> engines) {
        return dynamicTest(
                device.id() + " " + kernel, () -> check(device, kernel, engines.apply(device)));
    }

    /// All samples of a kernel as one program.
    private static void check(DeviceInfo device, Kernel kernel, TornadoEngine engine) {
        try (engine) {
            var layout = new Layout();
            var inputs = new LinkedHashMap<Buffer, Object>();
            var results = new LinkedHashMap<Buffer, float[]>();
            var launches = new ArrayList<Launch>();
            var places = new ArrayList<Map<String, Buffer>>();
            List<KernelSample> samples = some(KernelSamples.of(kernel));
            for (KernelSample sample : samples) {
                var place = new LinkedHashMap<String, Buffer>();
                int written = 0;
                for (int i = 0; i < sample.operands().size(); i++) {
                    Kernel.Operand operand = kernel.operands().get(i);
                    place.put(
                            operand.name(),
                            buffer(
                                    layout,
                                    operand,
                                    sample.operands().get(i),
                                    written,
                                    inputs,
                                    results));
                    written += operand.role() == Role.READ ? 0 : 1;
                }
                launches.add(
                        new Launch(
                                kernel,
                                sample.count(),
                                sample.grain(),
                                List.copyOf(place.values()),
                                sample.packed(),
                                sample.scalars(),
                                0));
                places.add(place);
            }
            engine.allocate(layout);
            results.forEach(engine::write);
            LoadedProgram program =
                    engine.load(
                            Planner.plan(
                                    kernel.name(),
                                    launches,
                                    new LinkedHashSet<>(inputs.keySet()),
                                    Set.of()));
            inputs.forEach(
                    (buffer, values) -> {
                        if (values instanceof float[] floats) {
                            program.write(buffer, floats);
                        } else {
                            program.write(buffer, (int[]) values);
                        }
                    });
            program.run();
            for (int i = 0; i < samples.size(); i++) {
                KernelSample sample = samples.get(i);
                for (Expected expected : sample.expected()) {
                    Assert.assertClose(
                            "%s on %s, %s".formatted(sample, device, expected.operand()),
                            sample.seed(),
                            engine.read(places.get(i).get(expected.operand())),
                            0,
                            expected.values(),
                            expected.bounds());
                }
            }
        }
    }

    /// At most [#SAMPLES] of them, evenly spread: each is compiled on its own.
    private static List<KernelSample> some(List<KernelSample> samples) {
        int n = Math.min(SAMPLES, samples.size());
        return IntStream.range(0, n).mapToObj(i -> samples.get(i * samples.size() / n)).toList();
    }

    private static Buffer buffer(
            Layout layout,
            Kernel.Operand operand,
            Object values,
            int written,
            Map<Buffer, Object> inputs,
            Map<Buffer, float[]> results) {
        if (operand.role() != Role.READ) {
            float[] floats = (float[]) values;
            // what one task writes lies in different arenas
            Region region = REGIONS.get(written);
            Buffer buffer = layout.allocate(region, operand.name(), floats.length);
            results.put(buffer, floats);
            return buffer;
        }
        Buffer buffer =
                values instanceof float[] floats
                        ? Buffer.scratch(operand.name(), DataType.FLOAT32, floats.length)
                        : Buffer.scratch(operand.name(), DataType.INT32, ((int[]) values).length);
        inputs.put(buffer, values);
        return buffer;
    }
}
