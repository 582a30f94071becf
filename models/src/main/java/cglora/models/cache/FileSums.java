package cglora.models.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/// Checksums of large files that were taken once: whoever asks again gets them without reading
/// the files while these are the same. That is told by their places, sizes, numbers in the file
/// system, times of writing, and times of change, which no program can set; where a system has
/// no such time, and for files that have changed in the last seconds, the sum is taken anew. A
/// folder that cannot be written keeps nothing.
public final class FileSums {
    /// Smaller ones are read as quickly as they are looked up, in bytes of all files together.
    private static final long LARGE = 1L << 24;

    /// A file may change once more within what a clock of a file system tells apart.
    private static final Duration SETTLED = Duration.ofSeconds(3);

    private static final String ATTRIBUTES = "unix:size,lastModifiedTime,ctime,fileKey";
    private static final int LARGEST_ENTRY = 1 << 20;

    /// What each entry begins with.
    private static final String MAGIC = "cglora1\n";

    /// Takes a sum.
    public interface Sum {
        /// @return as hexadecimal digits
        String take() throws IOException;
    }

    private final CacheFolder files;
    private final long large;

    FileSums(Path folder, long large) {
        this.files =
                new CacheFolder(
                        folder, "[0-9a-f]{64}", ".sum", MAGIC.getBytes(StandardCharsets.UTF_8));
        this.large = large;
    }

    public static FileSums ofUser() {
        return new FileSums(CacheFolder.ofUser("sums"), LARGE);
    }

    /// A sum of files.
    ///
    /// @param what names the kind of sum and all it depends on beside the files
    /// @throws UncheckedIOException where they cannot be read
    public String of(String what, List<Path> of, Sum sum) {
        try {
            String key = key(what, of);
            if (key == null) {
                return sum.take();
            }
            Path place = files.place(name(key));
            String known = find(place, key);
            if (known != null) {
                files.touch(place);
                return known;
            }
            String taken = sum.take();
            if (key.equals(key(what, of))) {
                keep(place, key, taken);
            }
            return taken;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What the sum depends on; null where the files do not tell, or are small.
    private String key(String what, List<Path> of) throws IOException {
        var key = new StringBuilder(what).append('\n');
        Instant settled = Instant.now().minus(SETTLED);
        long bytes = 0;
        for (Path file : of) {
            Map<String, Object> about;
            try {
                about = Files.readAttributes(file, ATTRIBUTES);
            } catch (UnsupportedOperationException _) {
                return null; // another kind of file system
            }
            var written = (FileTime) about.get("lastModifiedTime");
            var changed = (FileTime) about.get("ctime");
            if (written.toInstant().isAfter(settled) || changed.toInstant().isAfter(settled)) {
                return null;
            }
            bytes += (Long) about.get("size");
            key.append(file.toRealPath())
                    .append('\n')
                    .append(about.get("size"))
                    .append(' ')
                    .append(about.get("fileKey"))
                    .append(' ')
                    .append(written.toInstant())
                    .append(' ')
                    .append(changed.toInstant())
                    .append('\n');
        }
        return bytes < large ? null : key.toString();
    }

    private static String name(String key) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(key.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private static String find(Path place, String key) {
        try {
            if (!Files.isRegularFile(place) || Files.size(place) > LARGEST_ENTRY) {
                return null;
            }
            String text = Files.readString(place);
            int end = text.indexOf('\n', MAGIC.length());
            String sum = end < 0 ? "" : text.substring(MAGIC.length(), end);
            return text.equals(entry(key, sum)) ? sum : null;
        } catch (IOException _) {
            return null; // somebody is tidying, or it is damaged or not ours to read
        }
    }

    /// The sum, what it is of, and a checksum of both.
    private static String entry(String key, String sum) {
        String text = MAGIC + sum + '\n' + key;
        var crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return text + HexFormat.of().toHexDigits(crc.getValue()) + '\n';
    }

    private void keep(Path place, String key, String sum) {
        try {
            files.prepare();
            Path unfinished = CacheFolder.unfinished(place, "sum");
            try {
                Files.writeString(unfinished, entry(key, sum));
                Files.move(unfinished, place, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException _) {
            return; // a full disk, or somebody else's folder: the next one reads the files again
        }
    }
}
