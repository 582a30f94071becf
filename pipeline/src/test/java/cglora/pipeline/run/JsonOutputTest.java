package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What programs read of `run`, `plan` and `report`.
class JsonOutputTest {
    @TempDir Path folder;

    private static JsonNode json(Object... arguments) {
        return JsonMapper.shared().readTree(TinyRuns.done(arguments).out());
    }

    @Test
    void oneObjectSaysWhatCameOfIt() throws IOException {
        TinyRuns runs = TinyRuns.loraIn(folder);
        Path file = folder.resolve("p.json");
        JsonNode plan = json("plan", file, "--engine", "jvm", "--json");
        assertThat(plan.path("trainings").path(0).path("steps").asInt()).isEqualTo(2);
        assertThat(plan.path("memory").path(0).path("bytes").isEmpty()).isFalse();
        assertThat(plan.path("disk").asLong()).isPositive();
        assertThat(plan.path("time").path("train").asDouble()).isPositive();
        JsonNode run = json("run", file, "--engine", "jvm", "--json");
        assertThat(run.path("status").asInt()).isZero();
        assertThat(Path.of(run.path("run").asString()).toRealPath())
                .isEqualTo(runs.latest().toRealPath());
        assertThat(run.path("record"))
                .isEqualTo(
                        JsonMapper.shared()
                                .readTree(runs.latest().resolve("metrics.json").toFile()));
        JsonNode report = json("report", runs.latest(), "--json");
        assertThat(Files.exists(Path.of(report.path("report").asString()))).isTrue();
        TinyRuns.Outcome grid = runs.run("--grid", "seed=1,2", "--json");
        assertThat(grid.status()).isEqualTo(2);
        assertThat(grid.err()).contains("cglora compare");
    }
}
