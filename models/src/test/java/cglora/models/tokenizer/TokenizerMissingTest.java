package cglora.models.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A folder without `tokenizer.json`: what is there instead is named, with the command that makes
/// one of it.
class TokenizerMissingTest {
    @TempDir Path folder;

    private static CgloraException refused(Path place) {
        var error = catchThrowableOfType(CgloraException.class, () -> Tokenizer.load(place));
        assertThat(error.problems().getFirst().code()).isEqualTo(ErrorCode.T_MISSING);
        return error;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "vocab.txt"})
    void whatIsThereInsteadIsNamedWithTheCommand(String file) throws IOException {
        Path place = Files.createDirectory(folder.resolve("it's"));
        Files.writeString(place.resolve(file), "\n\u000e\n\u0005<unk>");
        String quoted = place.toAbsolutePath().toString().replace("'", "\\'");
        assertThat(refused(place))
                .hasMessageContaining("there is no tokenizer.json, and " + file + " beside it")
                .hasMessageContaining(
                        "python -c \"from transformers import AutoTokenizer;"
                                + " AutoTokenizer.from_pretrained('%s').save_pretrained('%s')\""
                                        .formatted(quoted, quoted));
    }

    @Test
    void aSentencePieceModelThatIsGivenIsNotRead() throws IOException {
        Path file = Files.writeString(folder.resolve("spiece.model"), "\n\u000e\n\u0005<unk>");
        assertThat(refused(file)).hasMessageContaining("spiece.model beside it is not read");
    }

    @Test
    void anEmptyFolderHasNone() {
        assertThat(refused(folder))
                .hasMessageContaining("there is no tokenizer.json")
                .hasMessageContaining("save_pretrained");
    }
}
