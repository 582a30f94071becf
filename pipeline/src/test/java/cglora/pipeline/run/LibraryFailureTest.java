package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cglora.kernels.testing.ForkedJava;
import cglora.pipeline.cli.Main;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The native library of products cannot be loaded: one message, and no folder of a run.
class LibraryFailureTest {
    private static final String NAME = "libopenblas.so.0";

    @TempDir Path folder;

    @BeforeEach
    void write() throws IOException {
        TinyRuns.loraIn(folder);
    }

    private void isRefused(Path cache, String essence) {
        ForkedJava.Outcome outcome =
                ForkedJava.run(
                        Main.class,
                        List.of("-Dcglora.cache=" + cache),
                        Map.of(),
                        List.of("run", folder.resolve("p.json").toString(), "--engine", "jvm"));
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(4);
        assertThat(outcome.err())
                .contains("error V-LIBRARY: ", "could not be loaded", essence, "  fix: ")
                .doesNotContain("\tat ", "a bug of ours");
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    @Test
    void aFolderThatCannotBeMadeIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("cache"), "a file");
        isRefused(file, file.toString());
        assertThat(file).hasContent("a file");
    }

    /// A file of the right size and without its content, as a full disk or a crash leaves it.
    @Test
    void aDamagedLibraryIsRefused() throws IOException {
        URL library = getClass().getResource("/org/bytedeco/openblas/linux-x86_64/" + NAME);
        assumeTrue(library != null, "the library is that of another platform");
        long size = library.openConnection().getContentLengthLong();
        Path place = folder.resolve("cache/openblas-" + size);
        Files.createDirectories(place);
        try (var file = new RandomAccessFile(place.resolve(NAME).toFile(), "rw")) {
            file.setLength(size);
        }
        isRefused(folder.resolve("cache"), NAME);
    }
}
