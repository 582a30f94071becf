package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.cache.CacheFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// A folder of token files, each called by the fingerprint of what it was made of. A file that is
/// not whole is made anew.
public final class TokenCache {
    private final CacheFolder files;

    public TokenCache(Path folder) {
        this.files =
                new CacheFolder(
                        folder,
                        "[0-9a-f]{40}",
                        ".tokens",
                        ByteBuffer.allocate(Long.BYTES)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putLong(TokenFile.MAGIC)
                                .array());
    }

    /// Where the tokens of all pipelines are that name no other folder.
    public static Path userFolder() {
        return CacheFolder.ofUser("tokens");
    }

    public Path folder() {
        return files.path();
    }

    /// Files that are there, and their bytes.
    public long[] usage() {
        return files.usage();
    }

    /// Whether files can be put here, as far as permissions tell.
    public boolean isWritable() {
        return files.isWritable();
    }

    Path place(String key) {
        return files.place(key);
    }

    /// The whole file of a key.
    ///
    /// @param notes is told of one that is damaged
    Optional<TokenFile> find(String key, Problems notes) {
        Path place = place(key);
        try {
            if (!Files.exists(place)) {
                return Optional.empty();
            }
            TokenFile file = TokenFile.open(place);
            files.touch(place);
            return Optional.of(file);
        } catch (NoSuchFileException _) {
            return Optional.empty(); // tidied meanwhile
        } catch (IOException e) {
            notes.warning(
                    ErrorCode.D_FORMAT,
                    place.toString(),
                    "cached tokens cannot be used, the file " + e.getMessage() + "; made anew",
                    "");
            return Optional.empty();
        }
    }

    /// @throws CgloraException K-OUTPUT where the folder cannot be written
    TokenFileWriter writer(String key, boolean regression) {
        try {
            files.prepare();
            return new TokenFileWriter(place(key), regression);
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    CgloraException unwritable(IOException cause) {
        return new CgloraException(
                ErrorCode.K_OUTPUT,
                folder().toString(),
                "tokens cannot be kept here: " + cause,
                "make room or give permission; or \"cache\": {\"folder\": ...} in the data stage"
                        + " names another folder, \"off\" keeps them in memory",
                cause);
    }
}
