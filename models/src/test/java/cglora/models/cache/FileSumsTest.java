package cglora.models.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Checksums of files that were taken once, and of files that have changed.
class FileSumsTest {
    @TempDir Path folder;
    private Path file;
    private int taken;

    @BeforeEach
    void write() throws IOException {
        file = Files.writeString(folder.resolve("weights"), "0123456789");
        assumeThat(Files.getFileStore(folder).supportsFileAttributeView("unix")).isTrue();
    }

    private String sum(FileSums sums, String what) {
        return sums.of(
                what,
                List.of(file),
                () -> {
                    taken++;
                    return what + Files.readString(file).hashCode();
                });
    }

    private FileSums sums() {
        return new FileSums(folder.resolve("cache"), 10);
    }

    /// Longer than a clock needs to tell two changes apart.
    private static void settle() throws InterruptedException {
        Thread.sleep(3500);
    }

    @Test
    void isTakenOnceWhileTheFileIsTheSame() throws Exception {
        settle();
        String first = sum(sums(), "a");
        assertThat(sum(sums(), "a")).isEqualTo(first);
        assertThat(taken).isEqualTo(1);
        assertThat(sum(sums(), "b")).isNotEqualTo(first);
        assertThat(taken).isEqualTo(2);
    }

    /// As large as before, and said to be as old.
    @Test
    void noticesAFileThatHidesItsChange() throws Exception {
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        settle();
        String first = sum(sums(), "a");
        Files.writeString(file, "9876543210");
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        assertThat(sum(sums(), "a")).isNotEqualTo(first);
        settle();
        assertThat(sum(sums(), "a")).isNotEqualTo(first);
        assertThat(taken).isEqualTo(3);
    }

    @Test
    void keepsNothingOfAFileThatMayChangeOnceMoreOrIsSmall() throws Exception {
        settle();
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(3600)));
        sum(sums(), "a");
        sum(sums(), "a");
        assertThat(taken).isEqualTo(2);
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        settle();
        var patient = new FileSums(folder.resolve("cache"), 11);
        sum(patient, "a");
        sum(patient, "a");
        assertThat(taken).isEqualTo(4);
    }

    @Test
    void aDamagedEntryCountsAsNone() throws Exception {
        settle();
        String first = sum(sums(), "a");
        Path entry;
        try (var entries = Files.list(folder.resolve("cache"))) {
            entry = entries.findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(entry);
        bytes[1] ^= 1;
        Files.write(entry, bytes);
        assertThat(sum(sums(), "a")).isEqualTo(first);
        assertThat(taken).isEqualTo(2);
    }

    @Test
    void aFolderThatCannotBeWrittenKeepsNothing() throws Exception {
        settle();
        Files.writeString(folder.resolve("cache"), "no folder");
        assertThat(sum(sums(), "a")).isEqualTo(sum(sums(), "a"));
        assertThat(taken).isEqualTo(2);
    }
}
