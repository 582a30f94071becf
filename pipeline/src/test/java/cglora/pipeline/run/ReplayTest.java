package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `replay`: the same record gives the same bits, and says so where it does not.
class ReplayTest {
    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void run() throws IOException {
        runs = TinyRuns.in(folder);
        runs.run("--set", "adapter.lora_dropout=0.1").succeeds();
    }

    @Test
    void theSameRecordGivesTheSameBits() throws IOException {
        TinyRuns.Outcome again = TinyRuns.execute("replay", runs.latest().toString());
        assertThat(again.status()).as(again.err()).isZero();
        assertThat(again.out())
                .contains("same     adapter/adapter_model.safetensors", "the bits agree");
        assertThat(folder.resolve("runs/replays/latest/report.html")).isRegularFile();
    }

    @Test
    void otherDataGivesOtherBitsAndIsNamed() throws IOException {
        Path data = folder.resolve("train.tsv");
        Files.writeString(data, Files.readString(data).replace("film\tyes", "book\tyes"));
        TinyRuns.Outcome again =
                TinyRuns.execute(
                        "replay",
                        runs.latest().toString(),
                        "--output-dir",
                        folder.resolve("elsewhere").toString());
        assertThat(again.status()).isEqualTo(7);
        assertThat(again.out())
                .contains("differs  adapter/adapter_model.safetensors", "tensors, by ")
                .contains("train.tsv: SHA-256");
        assertThat(again.err()).contains("the bits differ");
        assertThat(folder.resolve("elsewhere/latest/adapter")).isDirectory();
    }

    @Test
    void whatDidNotComeToItsEndIsRefused() throws IOException {
        Path run = runs.latest();
        Files.delete(run.resolve("metrics.json"));
        TinyRuns.Outcome outcome = TinyRuns.execute("replay", run.toString());
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("did not come to its end");
        assertThat(folder.resolve("runs/replays")).doesNotExist();
    }
}
