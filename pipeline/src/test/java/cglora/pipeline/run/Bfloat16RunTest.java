package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.Problems;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `model.dtype` through whole runs.
class Bfloat16RunTest {
    private static final String HALF = "model.dtype=bfloat16";

    @TempDir Path folder;

    @Test
    void anAdapterIsInitialisedTrainedAndVerified() throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        assertThat(runs.run("--set", HALF).succeeds().err())
                .contains("verified: reloaded on the original base");
        assertThat(TinyRuns.done("replay", runs.latest()).out()).contains("the bits agree");
    }

    @Test
    void devicesKeepFloat32() throws IOException {
        TinyRuns.in(folder);
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                TinyRuns.CG_LORA.replace(
                        "\"path\": \"model\"", "\"path\": \"model\", \"dtype\": \"bfloat16\""));
        try (Inputs inputs =
                InputCheck.read(
                        PipelineReader.read(file, Overrides.none()).spec(), new Problems())) {
            var device = new EngineChoice.Tornado(null, null, "asked for");
            assertThatThrownBy(() -> inputs.requireEngine(device))
                    .hasMessageContainingAll("model.dtype", "is for the jvm engine");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "full    | false | the model's own weights are trained",
                "pissa   | false | adapter.method pissa takes its start off them",
                "cg-lora | true  | adapter.method cg-lora takes its start off them"
            })
    void whatChangesTheWeightsIsRefused(String method, boolean shift, String what)
            throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        TinyRuns.Outcome outcome =
                runs.run(
                        "--set", HALF,
                        "--set", "adapter.method=" + method,
                        "--set", "adapter.cg.shift=" + shift);
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("O-CONFLICT", "model.dtype", what);
    }
}
