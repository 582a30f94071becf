package cglora.models.json;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// JSON files that stand beside weights. In memory their trees take many times their text, so that
/// each kind of file has a size beyond which it is not read.
public final class JsonFile {
    /// Bytes of a configuration: one with tens of thousands of classes has a million or two.
    public static final long CONFIGURATION = 8L << 20;

    /// Bytes of an index of shards: one with a hundred thousand tensors has ten million.
    public static final long INDEX = 64L << 20;

    /// Bytes of a tokenizer: one with a quarter of a million tokens has 34 million.
    public static final long TOKENIZER = 256L << 20;

    private JsonFile() {}

    /// @param most bytes that a file of this kind may have
    /// @throws CgloraException X-LIMIT for a larger one
    /// @throws tools.jackson.core.JacksonException where it is not JSON, nested deeper than 500
    ///     levels, or cannot be read
    public static JsonNode read(Path file, long most) {
        requireSize(file, most);
        return JsonMapper.shared().readTree(file.toFile());
    }

    /// @param most bytes that a file of this kind may have
    /// @throws CgloraException X-LIMIT for a larger one
    public static void requireSize(Path file, long most) {
        long size;
        try {
            size = Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (size > most) {
            throw new CgloraException(
                    ErrorCode.X_LIMIT,
                    file.toString(),
                    "has %d bytes, at most %d are read".formatted(size, most),
                    "take the file that belongs to the model");
        }
    }
}
