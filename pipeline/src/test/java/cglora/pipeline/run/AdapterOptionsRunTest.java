package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/// Every method and option of adapters through whole runs of a tiny model: what is exported is
/// read back on the original base and gives the same logits.
class AdapterOptionsRunTest {
    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void makeModel() throws IOException {
        runs = TinyRuns.in(folder);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "adapter.cg.shift=true",
                "adapter.cg.coordinates=plain",
                "adapter.cg.step=quadratic",
                "adapter.use_rslora=true",
                "adapter.lora_dropout=0.2",
                "calibrate.form=implicit",
                "calibrate.form=sketched",
                "calibrate.sharing=reduce",
                "calibrate.fisher=mc",
                "train.gradient_accumulation_steps=2",
                "train.scheduler=cosine",
                "train.load_best=loss",
                "adapter.rank_pattern={\"query\":4}"
            })
    void everyOptionGivesAVerifiedAdapter(String setting) throws IOException {
        TinyRuns.Outcome outcome = runs.run("--set", setting).succeeds();
        assertThat(outcome.err()).contains("verified");
        PeftAdapter adapter = PeftAdapter.read(runs.latest().resolve("adapter"));
        assertThat(adapter.layers()).isNotEmpty();
        boolean shifted = setting.equals("adapter.cg.shift=true");
        assertThat(adapter.layers().values().iterator().next().r()).isEqualTo(shifted ? 4 : 2);
    }

    /// Four examples of a random model: the step does not help them.
    @Test
    void aPredictionThatSaysNothingLeavesTheStepToTheSearch() throws IOException {
        TinyRuns.Outcome outcome = runs.run("--set", "adapter.cg.step=predicted").succeeds();
        assertThat(outcome.err()).contains("N-STEP", "to first order", "verified");
    }

    @ParameterizedTest
    @CsvSource({"whitened, false, false", "plain, false, true", "whitened, true, false"})
    void ranksGoWhereTheCurvatureSaysAtTheSameBudget(String coordinates, boolean shift, boolean rs)
            throws IOException {
        TinyRuns.Outcome outcome =
                runs.run(
                                "--set", "adapter.lora_alpha=4",
                                "--set", "adapter.cg.rank_allocation=curvature",
                                "--set", "adapter.cg.coordinates=" + coordinates,
                                "--set", "adapter.cg.shift=" + shift,
                                "--set", "adapter.use_rslora=" + rs)
                        .succeeds();
        assertThat(outcome.err()).contains("verified", "ranks by curvature", "layer.1.output");
        Path run = runs.latest();
        PeftAdapter adapter = PeftAdapter.read(run.resolve("adapter"));
        int times = shift ? 2 : 1;
        long parameters = 0;
        var ranks = new TreeSet<Integer>();
        for (var layer : adapter.layers().values()) {
            int r = layer.r() / times;
            parameters += (long) r * (layer.in() + layer.out());
            ranks.add(r);
            assertThat(layer.scaling()).isCloseTo(rs ? 4 / Math.sqrt(r) : 2, within(1e-5));
        }
        assertThat(ranks).hasSizeGreaterThan(1);
        int budget = 2 * 2 * (4 * (12 + 12) + 2 * (12 + 20)); // rank 2 in two layers' six modules
        assertThat(parameters).isBetween(budget * 9L / 10, (long) budget);
        var metrics = JsonMapper.shared().readTree(run.resolve("metrics.json").toFile());
        assertThat(metrics.path("ranks").path("parameters").asLong()).isEqualTo(parameters);
        assertThat(metrics.path("ranks").path("gain").asDouble())
                .isGreaterThan(metrics.path("ranks").path("gain_of_settings").asDouble());
        assertThat(metrics.path("ranks").path("modules").get(0).path("singular_values")).hasSize(8);
    }

    @ParameterizedTest
    @CsvSource({"rslora, 2", "pissa, 4", "olora, 4", "lora-ga, 4", "lora-one, 2", "eva, 2"})
    void everyMethodGivesAVerifiedAdapterOnTheOriginalBase(String method, int rank)
            throws IOException {
        TinyRuns.Outcome outcome = runs.run("--set", "adapter.method=" + method).succeeds();
        assertThat(outcome.err()).contains("verified", method + " r 2");
        PeftAdapter adapter = PeftAdapter.read(runs.latest().resolve("adapter"));
        PeftAdapter.Layer layer = adapter.layers().values().iterator().next();
        assertThat(layer.r()).as("a shift is undone by as many ranks again").isEqualTo(rank);
        assertThat(layer.rslora()).isEqualTo(method.equals("rslora"));
    }

    /// The start of a method that shifts the base comes in two parts.
    @ParameterizedTest
    @ValueSource(strings = {"cg-lora", "pissa", "lora-ga"})
    void initWritesTheStartAndTrainsNothing(String method) throws IOException {
        TinyRuns.Outcome outcome =
                TinyRuns.done(
                        "init", folder.resolve("p.json"), "--set", "adapter.method=" + method);
        boolean shifted = !method.equals("cg-lora");
        assertThat(outcome.err())
                .contains(shifted ? "reloaded on the merged base" : "reloaded on the original base")
                .doesNotContain("steps  lr");
        Path run = runs.latest();
        PeftAdapter adapter = PeftAdapter.read(run.resolve("adapter"));
        assertThat(adapter.layers().values())
                .allSatisfy(layer -> assertThat(layer.r()).isEqualTo(2));
        assertThat(Files.exists(run.resolve("base_shift"))).isEqualTo(shifted);
        if (shifted) {
            PeftAdapter shift = PeftAdapter.read(run.resolve("base_shift"));
            assertThat(shift.saved()).isEmpty();
            String name = adapter.layers().keySet().iterator().next();
            float[] added = adapter.layers().get(name).loraB();
            float[] taken = shift.layers().get(name).loraB();
            for (int i = 0; i < added.length; i++) {
                assertThat(taken[i]).isEqualTo(-added[i]);
            }
        }
    }

    @Test
    void initNeedsAnAdapterToStart() {
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "init",
                        folder.resolve("p.json").toString(),
                        "--set",
                        "adapter.method=full",
                        "--set",
                        "export.when=false");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(2);
        assertThat(outcome.err()).contains("no adapter to start");
    }
}
