package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/// With `--quiet` a run prints its results, and nothing on standard error; its log has the rest.
class QuietRunTest extends BadInput {
    @Test
    void onlyResultsArePrinted() throws IOException {
        Outcome loud = command("run");
        assertThat(loud.err()).contains("[1/6] model", "verified: reloaded");
        Outcome quiet = command("run", "--quiet");
        assertThat(quiet.status()).isZero();
        assertThat(quiet.err()).isEmpty();
        assertThat(quiet.out()).contains("head only", "after training", "next: cglora predict");
        assertThat(Files.readString(folder.resolve("runs/latest/log.txt")))
                .contains("[1/6] model", "verified: reloaded");
    }

    @Test
    void anErrorIsPrintedAllTheSame() throws IOException {
        change("p.json", "\"r\": 2", "\"r\": 13");
        Outcome outcome = command("run", "--quiet");
        outcome.refuses(2, "A-RANK", "at most 12");
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).startsWith("error A-RANK");
    }
}
