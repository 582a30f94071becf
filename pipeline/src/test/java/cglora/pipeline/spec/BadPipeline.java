package cglora.pipeline.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.provider.Arguments;

/// A pipeline that is right, what is wrong with others, and what is said of them.
final class BadPipeline {
    static final String GOOD =
            """
            { "cglora": 1, "vars": {"r": 8}, "stages": [
              {"stage": "model", "path": "m"},
              {"stage": "data", "train": "t.csv", "validation": "v.csv"},
              {"stage": "calibrate"},
              {"stage": "adapter", "r": "${r}"},
              {"stage": "train", "learning_rate": 1e-4},
              {"stage": "evaluate"},
              {"stage": "export"} ] }
            """;

    private BadPipeline() {}

    /// A text of the good file, what takes its place, the code and pieces of the message; then more
    /// texts and what takes their places.
    static Arguments row(
            String old, String replacement, String code, String pieces, String... more) {
        var texts = new ArrayList<>(List.of(old, replacement));
        texts.addAll(List.of(more));
        return arguments(texts, code, pieces);
    }

    /// @return null where there is none
    static CgloraException errorOf(Path folder, String text, Overrides overrides)
            throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(file, text);
        return catchThrowableOfType(
                CgloraException.class, () -> PipelineReader.read(file, overrides));
    }

    /// @return null where there is none
    static CgloraException errorOf(Path file) {
        return catchThrowableOfType(
                CgloraException.class, () -> PipelineReader.read(file, Overrides.none()));
    }

    /// @param pieces of the message, with `|` between them
    static void check(CgloraException error, ErrorCode code, String pieces) {
        assertThat(error).isNotNull();
        assertThat(error.problems()).extracting("code").contains(code);
        for (String piece : pieces.split("\\|")) {
            assertThat(error.getMessage()).contains(piece);
        }
    }
}
