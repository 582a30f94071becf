package cglora.pipeline.cli;

import static cglora.pipeline.cli.RemedyTest.device;
import static cglora.pipeline.cli.RemedyTest.profile;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceDiscovery.Found;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.pipeline.device.TornadoProcess;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DevicesCommandTest {
    private static final DeviceInfo GPU = device(DeviceKind.GPU, 256, 8L << 30);

    private static List<String> rows(List<String> backends, DeviceInfo... devices) {
        var bytes = new ByteArrayOutputStream();
        var out = new PrintStream(bytes, true, UTF_8);
        var process =
                new TornadoProcess(
                        Optional.empty(),
                        () -> new Found(List.of(devices), List.of()),
                        Long.MAX_VALUE,
                        backends);
        assertThat(new DevicesCommand(new Console(out, out, false)).list(process)).isZero();
        return bytes.toString(UTF_8).lines().toList();
    }

    @Test
    void backendsWithoutADeviceAreListedWithTheReason() {
        assertThat(rows(List.of("opencl", "spirv"), GPU))
                .anyMatch(row -> row.startsWith("opencl:0:0 "))
                .anyMatch(row -> row.matches("ptx +-.* unavailable: no PTX backend in this SDK"))
                .anyMatch(row -> row.matches("cuda +-.* unavailable: no CUDA backend in this SDK"))
                .anyMatch(row -> row.matches("spirv +-.* unavailable: no driver shows it a device"))
                .noneMatch(row -> row.matches("opencl +-.*"));
        assertThat(rows(List.of(), GPU)).as("not known").noneMatch(r -> r.contains("unavailable"));
    }

    @Test
    void theVerdictSaysWhatTheDevicesLimitsMean() {
        DeviceProfile profile = profile(256, "", List.of());
        assertThat(DeviceVerdict.of(GPU, profile, true)).isEqualTo("ready (auto picks this)");
        assertThat(DeviceVerdict.of(device(DeviceKind.GPU, 128, 1L << 30), profile, false))
                .isEqualTo("ready, work groups of 128 for 256; one buffer up to 1.0 of 4.0 GiB");
        assertThat(DeviceVerdict.of(device(DeviceKind.GPU, 32, 1L << 30), profile, false))
                .isEqualTo("unusable: work groups of 32, products need 64");
        DeviceInfo cpu = device(DeviceKind.CPU, 4096, 8L << 30);
        assertThat(DeviceVerdict.of(cpu, DeviceProfile.generic(cpu), false))
                .isEqualTo("ready, for tests: slower than jvm; no profile knows it");
    }
}
