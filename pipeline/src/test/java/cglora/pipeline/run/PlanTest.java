package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `plan`: what a run takes besides memory.
class PlanTest {
    @TempDir Path folder;

    @Test
    void saysDiskAndTimeAndLeavesNothing() throws IOException {
        TinyRuns.in(folder);
        String file = folder.resolve("p.json").toString();
        String out = TinyRuns.done("plan", file, "--engine", "jvm").out();
        assertThat(out)
                .containsPattern(
                        "disk +\\d+ MiB: export 0 \\+ checkpoints \\d+ \\+ records 16; .* free")
                .containsPattern(
                        "time +train +about .* for 6 steps \\(3 trial steps, \\d+ ms each\\)");
        assertThat(TinyRuns.done("plan", file, "--engine", "jvm", "--no-probe").out())
                .contains("disk")
                .doesNotContain("trial");
        assertThat(folder.resolve("runs")).doesNotExist();
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(3);
        }
    }

    /// The whole plan is shown, and then what does not fit: 6 GiB, more than the heap of tests.
    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        TinyRuns.in(folder);
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "plan",
                        folder.resolve("p.json").toString(),
                        "--engine",
                        "jvm",
                        "--set",
                        "train.per_device_batch_size=400000");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(5);
        assertThat(outcome.out()).contains("memory", "disk").doesNotContain("trial");
        assertThat(outcome.err()).contains("K-MEMORY", "per_device_batch_size");
    }
}
