package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/// Places that cannot be written, are full or taken, and outputs that are closed.
class BadOutputTest extends BadInput {
    @Test
    void anOutputFolderThatCannotBeMadeIsToldBeforeTraining() throws IOException {
        Files.writeString(folder.resolve("runs"), "a file");
        Outcome outcome = command("run");
        assertThat(outcome.status()).isEqualTo(5);
        assertThat(outcome.err()).contains("error K-OUTPUT").doesNotContain("[1/6]");
        assertThat(folder.resolve("runs")).hasContent("a file");
    }

    @Test
    void aFullDiskIsToldAndLeavesNothingHalfWritten() throws IOException {
        try (var run = RunFolder.under(folder.resolve("runs"))) {
            run.requireSpace(1);
            var full =
                    catchThrowableOfType(
                            CgloraException.class, () -> run.requireSpace(Long.MAX_VALUE));
            assertThat(full.exitStatus()).isEqualTo(5);
            assertThat(full.getMessage()).contains("K-DISK", "the disk has");
            Files.createDirectories(run.resolve("metrics.json/in-the-way"));
            var failed =
                    catchThrowableOfType(
                            CgloraException.class, () -> run.writeText("metrics.json", "{}"));
            assertThat(failed.exitStatus()).isEqualTo(5);
            assertThat(run.resolve("metrics.json.tmp")).doesNotExist();
        }
    }

    @Test
    void twoRunsNeverShareAFolder() {
        var paths = new ArrayList<Path>();
        for (int i = 0; i < 3; i++) {
            try (var run = RunFolder.under(folder.resolve("runs"))) {
                paths.add(run.path());
            }
        }
        assertThat(paths).doesNotHaveDuplicates();
    }

    @Test
    void aClosedStandardOutputDoesNotEndTheRun() {
        var closed =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("broken pipe");
                    }
                };
        Outcome outcome = execute(closed, "run", folder.resolve("p.json").toString());
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(adapter().resolve("adapter_model.safetensors")).isRegularFile();
    }
}
