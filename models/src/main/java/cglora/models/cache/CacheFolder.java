package cglora.models.cache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;

/// A folder of files that can be made again, each called by what it was made of. One that nobody
/// has used for a month goes when another is written; so does what a writer left that was killed.
/// The folder may be one in which people keep their own files: only what has a name of this
/// class's making and begins with the format's eight bytes is ever removed.
public final class CacheFolder {
    private static final Duration UNUSED = Duration.ofDays(30);
    private static final Duration LEFT_OVER = Duration.ofDays(1);

    private static final String PREFIX = "cglora-";
    private static final Pattern UNFINISHED = Pattern.compile("cglora-[a-z]+-[0-9]+\\.tmp");

    private final Path path;
    private final String suffix;
    private final Pattern name;
    private final byte[] magic;

    /// @param path   need not be there yet
    /// @param keys   what the names of its files are without the suffix, a regular expression
    /// @param suffix how they end
    /// @param magic  what every file begins with, also while it is being written; eight bytes
    public CacheFolder(Path path, String keys, String suffix, byte[] magic) {
        this.path = path.toAbsolutePath().normalize();
        this.suffix = suffix;
        this.name = Pattern.compile("(?:" + keys + ")" + Pattern.quote(suffix));
        this.magic = magic.clone();
    }

    /// Makes an empty file beside `place`, to be moved there when it is whole.
    ///
    /// @param what it holds, in small letters
    public static Path unfinished(Path place, String what) throws IOException {
        return Files.createTempFile(place.getParent(), PREFIX + what + "-", ".tmp");
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
            for (Path file : files.filter(this::isNamed).toList()) {
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
                Duration most =
                        isNamed(file)
                                ? UNUSED
                                : UNFINISHED.matcher(file.getFileName().toString()).matches()
                                        ? LEFT_OVER
                                        : null;
                if (most != null && age(file, now).compareTo(most) > 0 && isOurs(file)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private boolean isNamed(Path file) {
        return name.matcher(file.getFileName().toString()).matches();
    }

    /// Whether a plain file begins as all do, or its writer was killed before it came to that.
    private boolean isOurs(Path file) {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] found = in.readNBytes(magic.length);
            return found.length == 0 && !isNamed(file) || Arrays.equals(found, magic);
        } catch (IOException _) {
            return false; // it is gone, or not ours to read
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
