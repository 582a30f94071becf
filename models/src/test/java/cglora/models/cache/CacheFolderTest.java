package cglora.models.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A cache in a folder where people keep their own files.
class CacheFolderTest {
    private static final String KEY = "26f585302a16dafbddb84b19e93e1cd834cf6db5";

    @TempDir Path folder;

    private CacheFolder cache() {
        return new CacheFolder(
                folder, "[0-9a-f]{40}", ".tokens", "CLGTOK01".getBytes(StandardCharsets.US_ASCII));
    }

    private Path old(String name, String content) throws IOException {
        Path file = Files.writeString(folder.resolve(name), content);
        Instant then = Instant.now().minus(Duration.ofDays(40));
        return Files.setLastModifiedTime(file, FileTime.from(then));
    }

    @Test
    void whatIsNotCertainlyOursStays() throws IOException {
        String other = KEY.replace('2', '3');
        Path[] foreign = {
            old("thesis.tmp", "precious"),
            old("tokens123.tmp", "precious"),
            old("cglora-tokens-notes.tmp", "CLGTOK01"),
            old("cglora-tokens-12.tmp", "precious"),
            old("corpus.tokens", "CLGTOK01"),
            old(KEY + ".tokens", "precious"),
            old("x" + KEY + ".tokens", "CLGTOK01"),
            old(other + ".tokens", "")
        };
        Path directory = Files.createDirectory(folder.resolve("cglora-tokens-13.tmp"));
        Files.setLastModifiedTime(directory, FileTime.from(Instant.EPOCH));
        cache().prepare();
        assertThat(foreign).allSatisfy(file -> assertThat(file).isRegularFile());
        assertThat(directory).isDirectory();
    }

    @Test
    void whatNobodyUsesAndWhatAKilledWriterLeftGoes() throws IOException {
        Path unused = old(KEY + ".tokens", "CLGTOK01 and so on");
        Path killed = old("cglora-index-7.tmp", "CLGTOK01");
        Path empty = old("cglora-tokens-8.tmp", "");
        Path writing = CacheFolder.unfinished(cache().place(KEY), "tokens");
        cache().prepare();
        assertThat(unused).doesNotExist();
        assertThat(killed).doesNotExist();
        assertThat(empty).doesNotExist();
        assertThat(writing).exists();
        assertThat(cache().usage()).containsExactly(0, 0);
    }
}
