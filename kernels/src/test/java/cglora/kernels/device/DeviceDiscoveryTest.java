package cglora.kernels.device;

import static cglora.kernels.device.DeviceProfileTest.info;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceDiscovery.Found;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeviceDiscoveryTest {
    private static final Found FOUND =
            new Found(
                    List.of(
                            info("opencl:1:0", DeviceKind.GPU, "", "c"),
                            info("opencl:0:1", DeviceKind.GPU, "", "b"),
                            info("opencl:0:0", DeviceKind.CPU, "", "a"),
                            info("ptx:0:0", DeviceKind.GPU, "", "d")),
                    List.of());

    private static String name(String asked) {
        Optional<DeviceInfo> device = FOUND.device(DeviceId.parse(asked));
        return device.map(DeviceInfo::name).orElse("none");
    }

    @Test
    void theShortNameCountsOverThePlatformsInTheirOrder() {
        assertThat(name("opencl:0")).isEqualTo("a");
        assertThat(name("opencl:1")).isEqualTo("b");
        assertThat(name("opencl:2")).isEqualTo("c");
        assertThat(name("opencl:3")).isEqualTo("none");
        assertThat(name("ptx:0")).isEqualTo("d");
    }

    @Test
    void theLongNameIsExact() {
        assertThat(name("opencl:1:0")).isEqualTo("c");
        assertThat(name("opencl:0:1")).isEqualTo("b");
        assertThat(name("opencl:1:1")).isEqualTo("none");
        assertThat(name("spirv:0:0")).isEqualTo("none");
    }

    @Test
    void placesDevicesByTornadosOwnName() {
        assertThat(DeviceDiscovery.id("opencl", "opencl-1-0", 2)).hasToString("opencl:1:0");
        assertThat(DeviceDiscovery.id("ptx", "GPU", 2)).hasToString("ptx:0:2");
    }
}
