package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.cache.FileSums;
import cglora.models.family.TokenizerFiles;
import cglora.pipeline.checkpoint.Durable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Sizes and times of the files that a run reads, to see whether they change under it: weights are
/// read again where the export is verified. What else lies in their folders, a README or notes, is
/// nobody's concern.
final class FileStamps {
    private record Stamp(long size, FileTime modified, Object key) {}

    private static final Pattern READ =
            Pattern.compile("config\\.json|tokenizer\\.json|.*\\.safetensors(\\.index\\.json)?");

    /// Beside those: what is copied into exports, or tells what a folder holds.
    private static final Set<String> ALSO_READ =
            Set.of(
                    "generation_config.json",
                    "adapter_config.json",
                    "statistics.json",
                    "start.json");

    private final Set<Path> given = new HashSet<>();
    private final Map<Path, Stamp> before = new TreeMap<>();
    private Map<Path, String> sums;

    /// @param paths files, and folders whose files count; what is not there is left out
    static FileStamps of(List<String> paths) {
        var stamps = new FileStamps();
        try {
            for (String path : paths) {
                stamps.given.add(Path.of(path));
                for (Path file : files(Path.of(path))) {
                    if (stamps.isSummed(file) || isRead(file.getFileName().toString())) {
                        stamps.before.put(file, stamp(file));
                    }
                }
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
        return stamps;
    }

    private boolean isSummed(Path file) {
        return given.contains(file) || READ.matcher(file.getFileName().toString()).matches();
    }

    private static boolean isRead(String name) {
        return ALSO_READ.contains(name) || TokenizerFiles.companions().contains(name);
    }

    private static CgloraException unreadable(IOException e) {
        String file = e instanceof FileSystemException of ? of.getFile() : null;
        return new CgloraException(
                ErrorCode.S_READ,
                file == null ? "" : file,
                "cannot be read: " + e,
                "check its permissions and the disk that it is on",
                e);
    }

    private static List<Path> files(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            try (var files = Files.list(path)) {
                return files.filter(Files::isRegularFile).toList();
            }
        }
        return Files.isRegularFile(path) ? List.of(path) : List.of();
    }

    private static Stamp stamp(Path file) throws IOException {
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new Stamp(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
    }

    /// SHA-256 of the files by their paths, taken once; of a model's folder those that are read.
    Map<String, String> sha256() {
        var relative = new TreeMap<String, String>();
        absoluteSha256().forEach((file, sum) -> relative.put(RunReport.relative(file), sum));
        return relative;
    }

    /// The same by absolute paths.
    Map<Path, String> absoluteSha256() {
        if (sums != null) {
            return sums;
        }
        var found = new TreeMap<Path, String>();
        try {
            for (Path file : before.keySet()) {
                if (isSummed(file)) {
                    String sum =
                            FileSums.ofUser()
                                    .of("SHA-256", List.of(file), () -> Durable.sha256(file));
                    found.put(file.toAbsolutePath().normalize(), sum);
                }
            }
        } catch (UncheckedIOException e) {
            throw unreadable(e.getCause());
        }
        sums = found;
        return sums;
    }

    /// @throws CgloraException S-CHANGED with every file that is not as it was
    void requireUnchanged() {
        var problems = new Problems();
        before.forEach(
                (file, then) -> {
                    var changes = new ArrayList<String>();
                    try {
                        Stamp now = stamp(file);
                        if (now.size() != then.size()) {
                            changes.add(then.size() + " bytes then, " + now.size() + " now");
                        }
                        if (!now.modified().equals(then.modified())) {
                            changes.add("written " + then.modified() + " then, " + now.modified());
                        }
                        if (changes.isEmpty() && !now.equals(then)) {
                            changes.add("another file stands in its place");
                        }
                    } catch (IOException e) {
                        changes.add("no longer to be read: " + e.getMessage());
                    }
                    if (!changes.isEmpty()) {
                        problems.error(
                                ErrorCode.S_CHANGED,
                                file.toString(),
                                "changed during the run: " + String.join("; ", changes),
                                "run again and leave the files alone meanwhile");
                    }
                });
        problems.throwIfAny();
    }
}
