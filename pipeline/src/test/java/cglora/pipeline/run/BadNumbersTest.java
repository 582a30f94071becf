package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Losses, gradients and factors that are not finite, or zero.
class BadNumbersTest extends BadInput {
    @Test
    void aLossThatIsNotANumberEndsTheRunWithoutAnAdapter() throws IOException {
        Map<Path, String> before = files();
        Outcome outcome =
                command("run", "--set", "train.learning_rate=1e30", "--set", "train.max_steps=9");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).contains("error N-NAN", "examples of that batch");
        assertThat(files()).isEqualTo(before);
        Path run;
        try (var runs = Files.list(folder.resolve("runs"))) {
            run = runs.findFirst().orElseThrow();
        }
        assertThat(run.resolve("adapter")).doesNotExist();
        assertThat(run.resolve("adapter.tmp")).doesNotExist();
        assertThat(run.resolve("metrics.json")).doesNotExist();
        assertThat(folder.resolve("runs/latest")).doesNotExist();
        assertThat(Files.readString(run.resolve("events.jsonl"))).contains("\"exit\":6");
    }

    /// One target is so large that its squared error is no float.
    @Test
    void stepsWithoutAFiniteLossAreSkippedWhereThatIsAsked() throws IOException {
        change(
                "p.json",
                "\"path\": \"model\"",
                "\"path\": \"model\", \"problem_type\": \"regression\"");
        change("p.json", "\"validation_split\": 0.25, ", "");
        change("p.json", "{\"stage\": \"calibrate\", \"samples\": 8, \"step_samples\": 4},", "");
        change("p.json", "\"cg-lora\"", "\"lora\"");
        change("p.json", "\"head_warmup\": {\"examples\": 8}", "\"head_warmup\": false");
        change("p.json", "\"max_steps\": 3", "\"max_steps\": 12");
        change("train.tsv", "\tyes", "\t1");
        change("train.tsv", "\tno", "\t0");
        change("train.tsv", "a good old film\t1", "a good old film\t3e38");
        assertThat(command("run").status()).isEqualTo(6);
        assertThat(adapter()).doesNotExist();
        for (String passes : new String[] {"1", "2"}) {
            Outcome outcome =
                    command(
                            "run",
                            "--set",
                            "train.on_nan=skip",
                            "--set",
                            "train.gradient_accumulation_steps=" + passes);
            assertThat(outcome.status()).as(outcome.err()).isZero();
            assertThat(outcome.err())
                    .contains("warning N-NAN", "step skipped", "whose loss was not finite")
                    .contains("verified");
        }
    }

    @Test
    void moreThanThreeSkippedStepsInARowEndTheRun() throws IOException {
        Outcome outcome =
                command(
                        "run",
                        "--set",
                        "train.learning_rate=1e30",
                        "--set",
                        "train.max_steps=9",
                        "--set",
                        "train.on_nan=skip");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).contains("error N-NAN", "4 steps in a row");
        assertThat(adapter()).doesNotExist();
    }

    @Test
    void anAdapterWithNaNIsNeverWritten() {
        float[] values = {1, Float.NaN};
        var layer = new PeftAdapter.Layer(2, 1, 1, 1, false, values, new float[1]);
        var error =
                catchThrowableOfType(
                        CgloraException.class,
                        () -> ExportStage.requireFinite(Map.of("query", layer), Map.of()));
        assertThat(error.exitStatus()).isEqualTo(7);
        assertThat(error.getMessage()).contains("A-VERIFY", "query.lora_A");
    }

    @Test
    void aLayerThatNoGradientReachesStartsAsPlainLora() throws IOException {
        TinyModel.silence(
                folder.resolve("model"), "bert.encoder.layer.0.attention.output.dense.weight");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err())
                .contains("warning N-ZERO: bert.encoder.layer.0.attention.self.query", "plain LoRA")
                .contains("self.key", "self.value", "verified")
                .doesNotContain("N-ZERO: bert.encoder.layer.1");
    }

    @Test
    void aNewHeadThatIsAllZeroGivesNoGradientAndSaysSo() throws IOException {
        change("p.json", "\"head_warmup\": {\"examples\": 8}", "\"head_warmup\": false");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).contains("error N-ZERO");
    }
}
