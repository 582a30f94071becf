package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.Support;
import cglora.kernels.error.CgloraException;
import cglora.pipeline.run.MemoryPlan.Item;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
    private static final long MIB = 1L << 20;

    @Test
    void aStageTakesItsArraysItsNativeMemoryAndTheMachine() {
        MemoryPlan alone = MemoryPlan.of("adapter", List.of(), List.of());
        MemoryPlan plan =
                MemoryPlan.of(
                        "adapter",
                        List.of(Item.host("weights", 80 * MIB), Item.host("sums", 0)),
                        List.of(Item.host("LAPACK", 30 * MIB)));
        assertThat(plan.counted()).isEqualTo(80 * MIB);
        assertThat(plan.bytes() - alone.bytes()).isEqualTo(110 * MIB);
        assertThat(plan.toString()).contains("weights 80 + LAPACK 30").doesNotContain("sums");
    }

    @Test
    void aHeapDoesNotGiveBackWhatAnEarlierStageTook() {
        MemoryPlan plan = MemoryPlan.of("adapter", Item.host("weights", 80 * MIB));
        MemoryPlan later = plan.after(200 * MIB);
        assertThat(later.bytes() - plan.bytes()).isEqualTo(120 * MIB);
        assertThat(later.counted()).isEqualTo(plan.counted());
        assertThat(plan.after(80 * MIB)).isEqualTo(plan);
        assertThat(MemoryPlan.largest(List.of(plan, later))).isEqualTo(later);
    }

    @Test
    void whatDoesNotFitADeviceNamesTheFileThatSetsTheLimit() {
        var device =
                new DeviceInfo(
                        DeviceId.parse("opencl:0:0"),
                        0,
                        0,
                        DeviceKind.GPU,
                        "a GPU",
                        "a platform",
                        "",
                        "",
                        "",
                        100 * MIB,
                        100 * MIB,
                        1,
                        1,
                        List.of(),
                        1,
                        Support.YES,
                        Support.NO);
        DeviceProfile profile = DeviceProfile.generic(device).withMemoryFraction(0.5);
        MemoryPlan plan = MemoryPlan.of("train", Item.engine("weights", 60 * MIB));
        assertThatThrownBy(() -> plan.requireFit(device, profile.from("my/gpu.json")))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("V-MEMORY")
                .hasMessageContaining("raise memory_fraction, 0.5 in my/gpu.json, or set engine.");
        assertThatThrownBy(() -> plan.requireFit(device, profile))
                .hasMessageContaining("or raise engine.memory_fraction");
    }
}
