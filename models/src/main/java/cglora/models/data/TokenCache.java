package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/// A folder of token files, each called by the fingerprint of what it was made of. A file that is
/// not whole is made anew; one that nobody has used for a month goes when another is written.
public final class TokenCache {
    private static final String SUFFIX = ".tokens";
    private static final Duration UNUSED = Duration.ofDays(30);
    private static final Duration LEFT_OVER = Duration.ofDays(1);

    private final Path folder;

    public TokenCache(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    /// Where the system keeps what programs can make again: `cglora/tokens` in `XDG_CACHE_HOME`,
    /// `~/.cache`, `~/Library/Caches` or `LOCALAPPDATA`; `tokens` in the folder of the system
    /// property `cglora.cache` where that is set.
    public static Path userFolder() {
        String given = System.getProperty("cglora.cache");
        if (given != null) {
            return Path.of(given, "tokens");
        }
        String home = System.getProperty("user.home");
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String local = System.getenv(os.contains("windows") ? "LOCALAPPDATA" : "XDG_CACHE_HOME");
        Path caches =
                local != null && !local.isEmpty()
                        ? Path.of(local)
                        : os.contains("mac")
                                ? Path.of(home, "Library", "Caches")
                                : Path.of(home, ".cache");
        return caches.resolve("cglora").resolve("tokens");
    }

    public Path folder() {
        return folder;
    }

    /// Files that are there, and their bytes.
    public long[] usage() {
        long[] usage = new long[2];
        try (var files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(SUFFIX)).toList()) {
                usage[0]++;
                usage[1] += Files.size(file);
            }
        } catch (IOException _) {
            return usage; // there is no such folder yet, or somebody is tidying it
        }
        return usage;
    }

    /// Whether files can be put here, as far as permissions tell.
    public boolean isWritable() {
        Path there = folder;
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        return there != null && Files.isDirectory(there) && Files.isWritable(there);
    }

    Path place(String key) {
        return folder.resolve(key + SUFFIX);
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
            touch(place);
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

    private static void touch(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException _) {
            return; // somebody else's folder: they keep it tidy
        }
    }

    /// @throws CgloraException K-OUTPUT where the folder cannot be written
    TokenFileWriter writer(String key, boolean regression) {
        try {
            Files.createDirectories(folder);
            tidy();
            return new TokenFileWriter(place(key), regression);
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    CgloraException unwritable(IOException cause) {
        return new CgloraException(
                ErrorCode.K_OUTPUT,
                folder.toString(),
                "tokens cannot be kept here: " + cause,
                "make room or give permission; or \"cache\": {\"folder\": ...} in the data stage"
                        + " names another folder, \"off\" keeps them in memory",
                cause);
    }

    private void tidy() throws IOException {
        Instant now = Instant.now();
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                Duration most =
                        name.endsWith(SUFFIX) ? UNUSED : name.endsWith(".tmp") ? LEFT_OVER : null;
                if (most != null && age(file, now).compareTo(most) > 0) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static Duration age(Path file, Instant now) {
        try {
            return Duration.between(Files.getLastModifiedTime(file).toInstant(), now);
        } catch (IOException _) {
            return Duration.ZERO; // it is gone
        }
    }
}
