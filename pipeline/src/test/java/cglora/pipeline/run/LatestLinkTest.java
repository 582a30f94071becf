package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `latest` beside the runs.
class LatestLinkTest {
    @TempDir Path folder;

    private Path run() {
        try (RunFolder run = RunFolder.under(folder)) {
            run.markLatest();
            return run.path().getFileName();
        }
    }

    @Test
    void itIsMovedToTheNewestRun() throws IOException {
        run();
        Path second = run();
        assertThat(Files.readSymbolicLink(folder.resolve("latest"))).isEqualTo(second);
    }

    @Test
    void whatSomebodyElseHasThereStays() throws IOException {
        Path link = folder.resolve("latest");
        for (String target : new String[] {"models/current", "/somewhere/else"}) {
            Files.createSymbolicLink(link, Path.of(target));
            run();
            assertThat(Files.readSymbolicLink(link)).isEqualTo(Path.of(target));
            Files.delete(link);
        }
        Files.writeString(link, "a file");
        run();
        assertThat(link).hasContent("a file");
    }
}
