package cglora.pipeline.spec;

import static cglora.pipeline.spec.BadPipeline.GOOD;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.CgloraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that nobody would write: there is a message for each, and never another exception.
class DamagedPipelineTest {
    @TempDir Path folder;

    /// Whatever the text, there is a pipeline or a message, never another exception.
    @Test
    void survivesDamagedFiles() throws IOException {
        String[] pieces = {
            "{",
            "}",
            "[",
            "]",
            "\"",
            ",",
            ":",
            "null",
            "\"${r}\"",
            "${",
            "$$",
            "1e999",
            "-0",
            "{}",
            "[[]]",
            "\"stage\"",
            "\"id\": \"train\",",
            "true",
            "/*",
            "//",
            "\\u0000",
            "3.5"
        };
        var random = new Random(42);
        Path file = folder.resolve("damaged.json");
        for (int i = 0; i < 3000; i++) {
            var text = new StringBuilder(GOOD);
            for (int k = random.nextInt(1, 4); k > 0; k--) {
                int at = random.nextInt(text.length());
                int to = Math.min(text.length(), at + random.nextInt(12));
                text.replace(at, to, pieces[random.nextInt(pieces.length)]);
            }
            Files.writeString(file, text);
            try {
                assertThat(PipelineReader.read(file, Overrides.none()).spec()).isNotNull();
            } catch (CgloraException e) {
                assertThat(e.problems()).isNotEmpty();
            } catch (RuntimeException e) {
                throw new AssertionError(text.toString(), e);
            }
        }
    }

    /// The same for values of the right and of the wrong kind in every setting.
    @Test
    void survivesEveryKindOfValueInEverySetting() throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(file, GOOD);
        for (String path : SettingPath.all()) {
            for (String value :
                    List.of(
                            "null",
                            "true",
                            "1",
                            "-1",
                            "0.5",
                            "1e400",
                            "\"\"",
                            "x",
                            "[]",
                            "[1]",
                            "{}",
                            "[null]",
                            "{\"a\": null}",
                            "{\"a\": [1]}",
                            "\"${nope}\"",
                            "[\"${nope}\"]",
                            "{\"a\": \"${nope}\"}",
                            "\"\\u0000\"")) {
                var overrides =
                        new Overrides(
                                List.of(),
                                List.of(path + "=" + value),
                                List.of(),
                                folder,
                                Map.of());
                try {
                    PipelineSpec spec = PipelineReader.read(file, overrides).spec();
                    Path again = folder.resolve("again.json");
                    Files.writeString(again, PipelineWriter.write(spec));
                    assertThat(PipelineReader.read(again, Overrides.none()).spec())
                            .as(path + "=" + value)
                            .isEqualTo(spec);
                } catch (CgloraException e) {
                    assertThat(e.problems()).as(path + "=" + value).isNotEmpty();
                    assertThat(e.getMessage()).as(path + "=" + value).doesNotContain("again.json");
                } catch (RuntimeException e) {
                    throw new AssertionError(path + "=" + value, e);
                }
            }
        }
    }
}
