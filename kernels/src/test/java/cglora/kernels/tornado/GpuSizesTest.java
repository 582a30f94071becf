package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.Support;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuSizesTest {
    private static final long LOCAL_MEMORY = 48 << 10;

    private static DeviceInfo device(long group, List<Long> items, long localMemory) {
        return new DeviceInfo(
                DeviceId.parse("opencl:0:0"),
                0,
                0,
                DeviceKind.GPU,
                "G",
                "P",
                "",
                "",
                "",
                1 << 30,
                1 << 28,
                localMemory,
                group,
                items,
                8,
                Support.UNKNOWN,
                Support.UNKNOWN);
    }

    private static DeviceProfile profile(int workGroup, Map<String, Integer> sizes) {
        return new DeviceProfile(
                "p", "opencl", DeviceKind.GPU, "", "", 0.9, workGroup, sizes, "", List.of());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1024, 128", // the profile leaves it open
        "64, 1024, 64",
        "96, 1024, 64", // trees need powers of two
        "1024, 1024, 256", // no local array holds more
        "256, 200, 128", // the device allows less
        "256, 0, 256", // the device does not tell
    })
    void workGroupsOfRowsAreTheProfiles(int asked, long allowed, int items) {
        var sizes =
                GpuSizes.of(
                        profile(asked, Map.of()),
                        device(allowed, List.of(1024L, 1024L, 64L), LOCAL_MEMORY));
        assertThat(sizes.items()).isEqualTo(items);
        assertThat(sizes.rows(7)).isEqualTo(new Grid(7 * items, 1, items, 1));
    }

    @Test
    void tilesAreTheProfilesWhereTheDeviceAllowsThem() {
        DeviceProfile profile = profile(128, Map.of("matmul.tile", 16, "attention.tile", 8));
        var large = GpuSizes.of(profile, device(256, List.of(256L, 256L, 64L), LOCAL_MEMORY));
        assertThat(large.productSide()).isEqualTo(16);
        assertThat(large.attentionSide()).isEqualTo(8);
        var narrow = GpuSizes.of(profile, device(128, List.of(128L, 128L, 64L), LOCAL_MEMORY));
        assertThat(narrow.productSide()).isEqualTo(8);
        var flat = GpuSizes.of(profile, device(256, List.of(256L, 8L, 1L), LOCAL_MEMORY));
        assertThat(flat.productSide()).isEqualTo(8);
    }

    @Test
    void whatNeedsMoreLocalMemoryThanThereIsDoesNotFit() {
        var launch =
                Launch.of(
                        AttentionKernels.ATTENTION_FORWARD,
                        2 * 3 * 20,
                        floats("q"),
                        floats("k"),
                        floats("v"),
                        Buffer.scratch("lengths", DataType.INT32, 2),
                        floats("out"),
                        floats("lse"),
                        3,
                        20,
                        32,
                        3,
                        20,
                        0,
                        0,
                        0,
                        0,
                        1f);
        assertThat(attention(LOCAL_MEMORY).fits().test(launch)).isTrue();
        assertThat(attention(8 << 10).fits().test(launch)).isFalse();
        assertThat(attention(LOCAL_MEMORY).grid().apply(launch))
                .as("two blocks of each of six heads")
                .isEqualTo(new Grid(6 * 2 * 16, 16, 16, 16));
    }

    private static Buffer floats(String name) {
        return Buffer.scratch(name, DataType.FLOAT32, 2 * 20 * 3 * 32);
    }

    private static DeviceVariant attention(long localMemory) {
        DeviceInfo device = device(256, List.of(256L, 256L, 64L), localMemory);
        return DeviceVariants.of(profile(0, Map.of()), device).stream()
                .filter(variant -> variant.kernel() == AttentionKernels.ATTENTION_FORWARD)
                .findFirst()
                .orElseThrow();
    }
}
