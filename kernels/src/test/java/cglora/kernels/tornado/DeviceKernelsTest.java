package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cglora.kernels.check.KernelSample;
import cglora.kernels.check.KernelSamples;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.testing.KernelRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/// Every kernel's own method and every variant of it, against float64, on every device there is:
/// the variants for GPUs must be right on a CPU, too.
@Tag("tornado")
class DeviceKernelsTest {
    @BeforeAll
    static void needsTornado() {
        assumeTrue(DeviceTask.isPossible(), "started without TornadoVM's argfile");
    }

    private static Stream<Integer> devices() {
        return Stream.iterate(0, d -> d + 1).limit(DeviceTask.devices().size());
    }

    static Stream<Arguments> samples() {
        return devices()
                .flatMap(d -> KernelSamples.all().stream().map(sample -> Arguments.of(d, sample)));
    }

    static Stream<Arguments> variantSamples() {
        return devices()
                .flatMap(
                        d ->
                                Arrays.stream(DeviceKind.values())
                                        .flatMap(kind -> DeviceVariants.of(kind).stream())
                                        .flatMap(v -> samples(d, v)));
    }

    private static Stream<Arguments> samples(int device, DeviceVariant variant) {
        return KernelSamples.of(variant.kernel()).stream()
                .filter(sample -> variant.fits().test(launch(sample)))
                .map(sample -> Arguments.of(device, variant, sample));
    }

    private static Launch launch(KernelSample sample) {
        var arguments = new ArrayList<Object>();
        for (int i = 0; i < sample.operands().size(); i++) {
            Object array = sample.operands().get(i);
            String name = sample.kernel().operands().get(i).name();
            arguments.add(
                    array instanceof float[] floats
                            ? Buffer.scratch(name, DataType.FLOAT32, floats.length)
                            : Buffer.scratch(name, DataType.INT32, ((int[]) array).length));
        }
        arguments.addAll(sample.packed());
        arguments.addAll(sample.scalars());
        return Launch.of(sample.kernel(), sample.count(), arguments.toArray());
    }

    @ParameterizedTest(name = "device {0}: {1}")
    @MethodSource("samples")
    void kernelMatchesFloat64(int index, KernelSample sample) {
        TornadoDevice device = DeviceTask.devices().get(index);
        new KernelRun(sample, KernelRun.Placement.ARENA)
                .launch(
                        arguments ->
                                DeviceTask.run(
                                        device,
                                        sample.kernel().handle(),
                                        0,
                                        arguments,
                                        Optional.empty()))
                .check("on " + device.getPlatformName());
    }

    @ParameterizedTest(name = "device {0}: {1}, {2}")
    @MethodSource("variantSamples")
    void variantMatchesFloat64(int index, DeviceVariant variant, KernelSample sample) {
        TornadoDevice device = DeviceTask.devices().get(index);
        Grid grid = variant.grid().apply(launch(sample));
        new KernelRun(sample, KernelRun.Placement.ARENA)
                .launch(
                        arguments ->
                                DeviceTask.run(
                                        device,
                                        variant.handle(),
                                        new KernelContext(),
                                        arguments,
                                        Optional.of(grid)))
                .check(variant + " on " + device.getPlatformName());
    }

    @Test
    void thereIsADevice() {
        List<TornadoDevice> devices = DeviceTask.devices();
        assertThat(devices).isNotEmpty();
    }
}
