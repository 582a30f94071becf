package cglora.models.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/// A folder of files that can be made again, each called by what it was made of. One that nobody
/// has used for a month goes when another is written; so does what a writer left that was killed.
public final class CacheFolder {
    private static final Duration UNUSED = Duration.ofDays(30);
    private static final Duration LEFT_OVER = Duration.ofDays(1);

    /// How the name of a file ends that is still being written.
    public static final String UNFINISHED = ".tmp";

    private final Path path;
    private final String suffix;

    /// @param path   need not be there yet
    /// @param suffix how the names of its files end
    public CacheFolder(Path path, String suffix) {
        this.path = path.toAbsolutePath().normalize();
        this.suffix = suffix;
    }

    /// Where the system keeps what programs can make again: `cglora/KIND` in `XDG_CACHE_HOME`,
    /// `~/.cache`, `~/Library/Caches` or `LOCALAPPDATA`; `KIND` in the folder of the system
    /// property `cglora.cache` where that is set.
    public static Path ofUser(String kind) {
        String given = System.getProperty("cglora.cache");
        if (given != null) {
            return Path.of(given, kind);
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
        return caches.resolve("cglora").resolve(kind);
    }

    public Path path() {
        return path;
    }

    /// The place of a file.
    ///
    /// @param key its name without the suffix
    public Path place(String key) {
        return path.resolve(key + suffix);
    }

    /// Files that are there, and their bytes.
    public long[] usage() {
        long[] usage = new long[2];
        try (var files = Files.list(path)) {
            for (Path file : files.filter(f -> f.toString().endsWith(suffix)).toList()) {
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
        Path there = path;
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        return there != null && Files.isDirectory(there) && Files.isWritable(there);
    }

    /// Notes that a file was used.
    public void touch(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException _) {
            return; // somebody else's folder: they keep it tidy
        }
    }

    /// Makes the folder where it is not there, and takes out what nobody uses.
    ///
    /// @throws IOException where it cannot be made or looked through
    public void prepare() throws IOException {
        Files.createDirectories(path);
        Instant now = Instant.now();
        try (var files = Files.list(path)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                Duration most =
                        name.endsWith(suffix)
                                ? UNUSED
                                : name.endsWith(UNFINISHED) ? LEFT_OVER : null;
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
