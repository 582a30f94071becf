package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Gradients that are far larger than those before, and adapters that none reaches: a warning, and
/// the run goes on.
class GradientWatchTest extends BadInput {
    private void plainLora(int steps) throws IOException {
        change("p.json", "{\"stage\": \"calibrate\", \"samples\": 8, \"step_samples\": 4},", "");
        change("p.json", "\"cg-lora\"", "\"lora\"");
        change("p.json", "\"head_warmup\": {\"examples\": 8}", "\"head_warmup\": false");
        change("p.json", "\"max_steps\": 3", "\"max_steps\": " + steps);
    }

    private static long warnings(Path run) {
        long count = 0;
        JsonNode metrics = JsonMapper.shared().readTree(run.resolve("metrics.json").toFile());
        for (JsonNode warning : metrics.path("warnings")) {
            count += warning.path("code").asString().endsWith("GRADIENT") ? 1 : 0;
        }
        return count;
    }

    /// The scores of the first layer are thrown away, so that nothing comes back to what makes
    /// them.
    @Test
    void adaptersThatNoGradientReachesAreNamedAfterAHundredSteps() throws IOException {
        TinyModel.silence(
                folder.resolve("model"), "bert.encoder.layer.0.attention.output.dense.weight");
        change("p.json", "\"all-linear\"", "[\"query\", \"key\", \"value\"]");
        plainLora(101);
        Map<Path, String> before = files();
        Outcome outcome = command("run");
        outcome.warns(
                "N-GRADIENT",
                "train: no gradient has reached 3 of 6 adapters in 100 steps",
                "bert.encoder.layer.0.attention.self.query",
                "bert.encoder.layer.0.attention.self.key",
                "bert.encoder.layer.0.attention.self.value",
                "adapter.exclude_modules",
                "verified");
        assertThat(warnings(onlyRun())).isEqualTo(1);
        assertThat(files()).isEqualTo(before);
    }

    @Test
    void whereEveryAdapterIsReachedNothingIsSaid() throws IOException {
        plainLora(101);
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).doesNotContain("N-GRADIENT");
        assertThat(warnings(onlyRun())).isZero();
    }

    /// One target is far from all others; its step is clipped like any other.
    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void aStepFarFromThoseBeforeItIsNamedWithItsLargestGradients(String accumulation)
            throws IOException {
        plainLora(24);
        change(
                "p.json",
                "\"path\": \"model\"",
                "\"path\": \"model\", \"problem_type\": \"regression\"");
        change("train.tsv", "\tyes", "\t1");
        change("train.tsv", "\tno", "\t0");
        change("train.tsv", "the very bad old book\t0", "the very bad old book\t1e7");
        Map<Path, String> before = files();
        Outcome outcome =
                command("run", "--set", "train.gradient_accumulation_steps=" + accumulation);
        outcome.warns("N-GRADIENT", "train: gradient norm ", " at step ", "; largest: ");
        assertThat(outcome.err())
                .containsPattern("largest: (classifier|bert)[.\\w]+ [0-9.e+]+, ")
                .contains("verified");
        assertThat(warnings(onlyRun())).isBetween(1L, 3L);
        assertThat(files()).isEqualTo(before);
        assertThat(adapter().resolve("adapter_model.safetensors")).isRegularFile();
    }
}
