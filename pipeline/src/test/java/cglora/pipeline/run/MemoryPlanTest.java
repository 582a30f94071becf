package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

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
}
