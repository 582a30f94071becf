package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `train.gradient_checkpointing` through whole runs.
class GradientCheckpointingRunTest {
    private static final String[] ON = {"--set", "train.gradient_checkpointing=true"};

    @TempDir Path folder;

    @Test
    void theAdapterHasTheSameBitsInMoreLaunches() throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        byte[] kept = adapter(runs);
        assertThat(adapter(runs, ON)).isEqualTo(kept);
        assertThat(launches(ON)).isGreaterThan(launches());
    }

    private static byte[] adapter(TinyRuns runs, String... more) throws IOException {
        runs.run(more).succeeds();
        return Files.readAllBytes(runs.latest().resolve("adapter/adapter_model.safetensors"));
    }

    /// Of a step, as the plan tells.
    private int launches(String... more) {
        Object[] arguments = new Object[2 + more.length];
        arguments[0] = "plan";
        arguments[1] = folder.resolve("p.json");
        System.arraycopy(more, 0, arguments, 2, more.length);
        String plan = TinyRuns.done(arguments).out();
        return Integer.parseInt(plan.replaceAll("(?s).* (\\d+) launches each.*", "$1"));
    }
}
