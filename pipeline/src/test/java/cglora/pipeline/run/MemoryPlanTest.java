package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.Support;
import cglora.kernels.error.CgloraException;
import cglora.pipeline.device.EngineChoice;
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

    private static EngineChoice device(long memory, long largest) {
        var info =
                new DeviceInfo(
                        DeviceId.parse("opencl:0:0"),
                        0,
                        0,
                        DeviceKind.GPU,
                        "G",
                        "P",
                        "",
                        "",
                        "",
                        memory,
                        largest,
                        65536,
                        256,
                        List.of(256L, 256L, 64L),
                        8,
                        Support.UNKNOWN,
                        Support.UNKNOWN);
        return new EngineChoice.Tornado(
                info, DeviceProfile.generic(info).withMemoryFraction(1), "asked for");
    }

    @Test
    void aDevicesArraysHaveTheirDoubleInTheHeap() {
        long heap = Runtime.getRuntime().maxMemory();
        var plans = List.of(MemoryPlan.of("train", Item.engine("weights", heap + MIB)));
        EngineChoice large = device(4 * heap, 2 * heap);
        assertThatThrownBy(() -> MemoryPlan.requireFit(plans, large))
                .hasMessageContaining("K-MEMORY")
                .hasMessageContaining("Java's heap may grow to " + (heap >> 20))
                .hasMessageContaining("-Xmx");
        var fitting = List.of(MemoryPlan.of("train", Item.engine("weights", heap - MIB)));
        assertThatCode(() -> MemoryPlan.requireFit(fitting, large)).doesNotThrowAnyException();
        assertThatThrownBy(() -> MemoryPlan.requireFit(fitting, device(heap / 2, heap / 2)))
                .hasMessageContaining("V-MEMORY")
                .hasMessageContaining("opencl:0:0");
    }

    @Test
    void anArrayThatCannotBeSplitMustBeOneBufferOfTheDevice() {
        MemoryPlan plan =
                MemoryPlan.of("train", Item.engine("activations", 40 * MIB)).withLargest(30 * MIB);
        assertThatThrownBy(
                        () ->
                                MemoryPlan.requireFit(
                                        List.of(plan.after(80 * MIB)), device(100 * MIB, 25 * MIB)))
                .hasMessageContaining("V-MEMORY")
                .hasMessageContaining("train")
                .hasMessageContaining("one buffer of 30.0 MiB")
                .hasMessageContaining("allows 25.0 MiB");
        assertThatCode(() -> MemoryPlan.requireFit(List.of(plan), device(100 * MIB, 30 * MIB)))
                .doesNotThrowAnyException();
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
