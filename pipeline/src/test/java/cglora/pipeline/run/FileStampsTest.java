package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which changes under a run count.
class FileStampsTest {
    @TempDir Path folder;

    @BeforeEach
    void write() throws IOException {
        for (String name :
                List.of(
                        "config.json",
                        "model.safetensors",
                        "tokenizer.json",
                        "chat_template.jinja",
                        "README.md",
                        "notes.tmp")) {
            Files.writeString(folder.resolve(name), name);
        }
    }

    private FileStamps stamps() {
        return FileStamps.of(List.of(folder.toString()));
    }

    @Test
    void whatIsNotReadMayChange() throws IOException {
        FileStamps stamps = stamps();
        Files.writeString(folder.resolve("README.md"), "more than before");
        Files.delete(folder.resolve("notes.tmp"));
        Files.writeString(folder.resolve("new.txt"), "new");
        assertThatCode(stamps::requireUnchanged).doesNotThrowAnyException();
        assertThat(stamps.absoluteSha256()).hasSize(3);
    }

    @Test
    void whatIsReadMayNot() throws IOException {
        for (String name : List.of("config.json", "model.safetensors", "chat_template.jinja")) {
            FileStamps stamps = stamps();
            Files.writeString(folder.resolve(name), "more than before: " + name.repeat(2));
            assertThatThrownBy(stamps::requireUnchanged)
                    .hasMessageContaining("S-CHANGED")
                    .hasMessageContaining(name);
        }
    }

    /// A file that cannot be read is no bug of ours.
    @Test
    void whatCannotBeReadIsNamed() throws IOException {
        FileStamps stamps = stamps();
        Files.delete(folder.resolve("model.safetensors"));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(stamps::absoluteSha256)
                    .isInstanceOfSatisfying(
                            CgloraException.class, e -> assertThat(e.exitStatus()).isEqualTo(3))
                    .hasMessageContaining("S-READ")
                    .hasMessageContaining("model.safetensors");
        }
    }
}
