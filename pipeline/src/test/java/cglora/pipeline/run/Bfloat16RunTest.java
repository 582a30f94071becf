package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
