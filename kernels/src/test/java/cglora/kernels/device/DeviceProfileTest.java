package cglora.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;

class DeviceProfileTest {
    static DeviceInfo info(String id, DeviceKind kind, String platform, String name) {
        return new DeviceInfo(
                DeviceId.parse(id),
                0,
                3,
                kind,
                name,
                platform,
                "",
                "",
                "",
                1000,
                250,
                64,
                256,
                List.of(256L, 256L, 64L),
                8,
                Support.UNKNOWN,
                Support.UNKNOWN);
    }

    private static DeviceProfile profile(String platform, String device) {
        return new DeviceProfile(
                "p",
                "opencl",
                DeviceKind.GPU,
                platform,
                device,
                0.9,
                64,
                Map.of("matmul.tile", 16),
                "",
                List.of());
    }

    @Test
    void matchesBackendKindAndNames() {
        DeviceInfo card = info("opencl:0:0", DeviceKind.GPU, "NVIDIA CUDA", "NVIDIA L4");
        assertThat(profile("", "").matches(card)).isTrue();
        assertThat(profile("nvidia", "").matches(card)).isTrue();
        assertThat(profile("NVIDIA", "L4$").matches(card)).isTrue();
        assertThat(profile("AMD", "").matches(card)).isFalse();
        assertThat(profile("", "A770").matches(card)).isFalse();
        assertThat(profile("", "").matches(info("ptx:0:0", DeviceKind.GPU, "", ""))).isFalse();
        assertThat(profile("", "").matches(info("opencl:0:0", DeviceKind.CPU, "", ""))).isFalse();
    }

    @Test
    void aNameSaysMoreThanAPlatform() {
        assertThat(profile("x", "").specificity()).isGreaterThan(profile("", "").specificity());
        assertThat(profile("", "x").specificity()).isGreaterThan(profile("x", "").specificity());
        assertThat(profile("x", "x").specificity()).isGreaterThan(profile("", "x").specificity());
    }

    @Test
    void answersWithSizesAndMemory() {
        DeviceInfo card = info("opencl:0:0", DeviceKind.GPU, "", "");
        assertThat(profile("", "").size("matmul.tile", 1)).isEqualTo(16);
        assertThat(profile("", "").size("softmax.group", 7)).isEqualTo(7);
        assertThat(profile("", "").memoryLimit(card)).isEqualTo(900);
        assertThat(profile("", "").withMemoryFraction(0.5).memoryLimit(card)).isEqualTo(500);
        assertThat(DeviceProfile.generic(card).matches(card)).isTrue();
    }

    @Test
    void refusesWhatNoDeviceCanHave() {
        assertThatThrownBy(() -> profile("", "").withMemoryFraction(0))
                .hasMessageContaining("memory fraction 0");
        assertThatThrownBy(() -> profile("", "").withMemoryFraction(Double.NaN))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> profile("(", "")).isInstanceOf(PatternSyntaxException.class);
    }
}
