package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `runs`: what there is in a folder, and runs side by side.
class RunListTest {
    @TempDir Path folder;

    @Test
    void listsRunsOfEveryStateAndComparesThoseThatAreNamed() throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        runs.run().succeeds();
        Path done = runs.latest();
        runs.run("--set", "adapter.method=lora", "--set", "seed=3").succeeds();
        Path lora = runs.latest();
        assertThat(runs.run("--set", "train.learning_rate=1e30").status()).isEqualTo(6);
        Path killed = Files.createDirectory(folder.resolve("runs/killed"));
        List<String> events = Files.readAllLines(done.resolve("events.jsonl"));
        Files.write(killed.resolve("events.jsonl"), events.subList(0, events.size() - 1));

        JsonNode listed = json("runs", folder.toString(), "-o", "json").path("runs");
        assertThat(listed.size()).isEqualTo(4);
        JsonNode first = find(listed, done);
        assertThat(first.path("state").asString()).isEqualTo("done");
        assertThat(first.path("name").asString()).isEqualTo("tiny");
        assertThat(first.path("method").asString()).isEqualTo("cg-lora");
        assertThat(first.path("steps").asInt()).isEqualTo(6);
        assertThat(first.path("measured").asString()).isEqualTo("after training, validation");
        JsonNode metrics = JsonMapper.shared().readTree(done.resolve("metrics.json").toFile());
        assertThat(first.path("metrics").path("accuracy"))
                .isEqualTo(metrics.path("after training, validation").path("accuracy"));
        assertThat(find(listed, lora).path("method").asString()).isEqualTo("lora");
        assertThat(find(listed, lora).path("seed").asString()).isEqualTo("3");
        assertThat(find(listed, killed).path("state").asString()).isEqualTo("unfinished");
        assertThat(find(listed, killed).path("seconds").isNull()).isTrue();
        assertThat(listed.findValuesAsString("state")).contains("failed");

        String text = TinyRuns.execute("runs", folder.toString()).succeeds().out();
        assertThat(text).contains("| cg-lora ", "| failed ").doesNotContain("Settings that differ");

        TinyRuns.Outcome both =
                TinyRuns.execute(
                        "runs",
                        done.toString(),
                        lora.toString(),
                        "--html",
                        folder.resolve("c.html").toString());
        assertThat(both.succeeds().out())
                .contains("Settings that differ", "adapter.method", "run 2", "whole run, s")
                .doesNotContain("train.scheduler");
        assertThat(Files.readString(folder.resolve("c.html")))
                .contains("Validation loss", "<polyline");
        JsonNode comparison =
                json("runs", done.toString(), lora.toString(), "-o", "json").path("comparison");
        assertThat(comparison.path("Settings that differ").path("adapter.method").get(1).asString())
                .isEqualTo("lora");
    }

    private static JsonNode json(String... arguments) {
        return JsonMapper.shared().readTree(TinyRuns.execute(arguments).succeeds().out());
    }

    private static JsonNode find(JsonNode listed, Path run) {
        for (JsonNode one : listed) {
            if (one.path("run").asString("").equals(run.toString())) {
                return one;
            }
        }
        throw new AssertionError(run + " is not in " + listed);
    }

    @Test
    void aFolderWithoutRunsSaysSo() {
        TinyRuns.Outcome outcome = TinyRuns.execute("runs", folder.toString());
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("holds no run");
    }
}
