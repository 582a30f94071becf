package cglora.pipeline.checkpoint;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// The checkpoints of a run: `checkpoint-STEP/` each, with the tensors, `checkpoint.json` and
/// `SHA256SUMS` over both, which `sha256sum -c` reads. One is written beside its place, synced,
/// and moved there: what has the name is whole, and what was changed since is found out.
public final class CheckpointFolder {
    /// What the manifest's file is called.
    public static final String MANIFEST = "checkpoint.json";

    /// What the checksums' file is called.
    static final String SUMS = "SHA256SUMS";

    private static final String TEMPORARY = ".tmp";
    private static final Pattern NAME = Pattern.compile("checkpoint-([0-9]{1,9})");
    private static final Pattern UNFINISHED = Pattern.compile("checkpoint-[0-9]{1,9}\\.tmp");
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /// One file of a checkpoint.
    ///
    /// @param name   its name
    /// @param writer writes it to where it is told, and syncs it
    public record Part(String name, Writer writer) {
        /// Writes one file.
        @FunctionalInterface
        public interface Writer {
            void write(Path file) throws IOException;
        }
    }

    private final Path path;
    private final Path run;

    /// @param path where the checkpoints are, or will be
    /// @param run  the run's folder, to be named where something is wrong
    public CheckpointFolder(Path path, Path run) {
        this.path = path;
        this.run = run;
    }

    /// The name of a step's checkpoint.
    public static String name(int step) {
        return "checkpoint-" + step;
    }

    /// Writes a checkpoint; one of the same step makes room for it.
    ///
    /// @param parts its files beside the manifest
    /// @return its size in bytes
    /// @throws CgloraException K-DISK, naming the file; no other checkpoint is touched then
    public long write(Manifest manifest, List<Part> parts) {
        Path target = path.resolve(name(manifest.position().step()));
        Path temporary = path.resolve(target.getFileName() + TEMPORARY);
        Path now = temporary;
        try {
            create();
            Durable.delete(temporary);
            Files.createDirectory(temporary);
            for (Part part : parts) {
                now = temporary.resolve(part.name());
                part.writer().write(now);
            }
            now = temporary.resolve(MANIFEST);
            Durable.write(now, JSON.writeValueAsString(manifest) + "\n");
            now = temporary.resolve(SUMS);
            Durable.write(now, sums(temporary));
            Durable.sync(temporary);
            long bytes = size(temporary);
            now = target;
            Durable.delete(target);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            Durable.sync(path);
            return bytes;
        } catch (IOException e) {
            CgloraException failure =
                    new CgloraException(
                            ErrorCode.K_DISK,
                            now.toString(),
                            "the checkpoint cannot be written: " + e.getMessage(),
                            "make room, then: cglora resume " + run,
                            e);
            clean(temporary, failure);
            throw failure;
        } catch (RuntimeException e) {
            clean(temporary, e);
            throw e;
        }
    }

    private void create() throws IOException {
        if (!Files.isDirectory(path)) {
            Files.createDirectories(path);
            Durable.sync(path.toAbsolutePath().getParent());
        }
    }

    private static void clean(Path temporary, RuntimeException failure) {
        try {
            Durable.delete(temporary);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static long size(Path folder) throws IOException {
        long bytes = 0;
        for (Path file : files(folder)) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /// The checksums of all other files, a line each.
    private static String sums(Path folder) throws IOException {
        var text = new StringBuilder();
        for (Path file : files(folder)) {
            String name = file.getFileName().toString();
            if (!name.equals(SUMS)) {
                text.append(Durable.sha256(file)).append("  ").append(name).append('\n');
            }
        }
        return text.toString();
    }

    /// Removes all but the newest checkpoints; that of the best step stays, too.
    ///
    /// @param newest how many stay; null for all
    /// @param best   step of the best state
    /// @throws CgloraException K-DISK
    public void rotate(Integer newest, int best) {
        if (newest == null) {
            return;
        }
        try {
            for (int step : steps().stream().skip(newest).toList()) {
                if (step != best) {
                    Path old = path.resolve(name(step));
                    Path away = path.resolve(name(step) + TEMPORARY);
                    Durable.delete(away);
                    Files.move(old, away, StandardCopyOption.ATOMIC_MOVE);
                    Durable.delete(away);
                }
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private CgloraException unreadable(IOException e) {
        return new CgloraException(
                ErrorCode.K_DISK,
                path.toString(),
                "the checkpoints cannot be read or removed: " + e.getMessage(),
                "make the folder readable and writable",
                e);
    }

    /// Steps that have a checkpoint, the newest first.
    private List<Integer> steps() throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (var files = Files.list(path)) {
            return files.map(file -> NAME.matcher(file.getFileName().toString()))
                    .filter(Matcher::matches)
                    .map(m -> Integer.parseInt(m.group(1)))
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
    }

    /// Makes room for a training that goes on: removes what was being written when a process
    /// ended, and sets aside the checkpoints of later steps. Those are damaged, or of a way that
    /// the run does not take any more; here they would count as the newest ones, and the good ones
    /// that come would be rotated out.
    ///
    /// @param step  behind which the training goes on; 0 for its start
    /// @param notes is told of each
    /// @throws CgloraException K-DISK
    public void tidy(int step, Problems notes) {
        try {
            if (!Files.isDirectory(path)) {
                return;
            }
            for (int later : steps().stream().filter(s -> s > step).toList()) {
                Path aside = Aside.move(path.resolve(name(later)));
                notes.warning(
                        ErrorCode.R_DAMAGED,
                        path.resolve(name(later)).toString(),
                        "is damaged, or of a later step than the run goes on from; it is set aside as "
                                + aside.getFileName(),
                        "remove it when nobody needs it");
            }
            for (Path file : files(path)) {
                if (UNFINISHED.matcher(file.getFileName().toString()).matches()) {
                    Durable.delete(file);
                    notes.warning(
                            ErrorCode.R_DAMAGED,
                            file.toString(),
                            "was not whole when the run ended, and is removed",
                            "");
                }
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /// Whether no step has a checkpoint here, whole or not.
    ///
    /// @throws CgloraException K-DISK
    public boolean isEmpty() {
        try {
            return steps().isEmpty();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /// The newest checkpoint that is as it was written.
    ///
    /// @param notes is told of newer ones that are not
    /// @return null where there is none
    /// @throws CgloraException R-VERSION for a checkpoint of a newer format
    public Checkpoint newest(Problems notes) {
        try {
            for (int step : steps()) {
                Path folder = path.resolve(name(step));
                try {
                    return read(folder);
                } catch (CgloraException e) {
                    if (e.problems().getFirst().code() != ErrorCode.R_DAMAGED) {
                        throw e;
                    }
                    e.problems()
                            .forEach(p -> notes.warning(p.code(), p.where(), p.what(), p.fix()));
                }
            }
            return null;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /// Reads and verifies one checkpoint.
    ///
    /// @param folder of the checkpoint itself
    /// @throws CgloraException R-DAMAGED, R-VERSION
    public static Checkpoint open(Path folder) throws IOException {
        return read(folder);
    }

    private static Checkpoint read(Path folder) throws IOException {
        verify(folder);
        Path file = folder.resolve(MANIFEST);
        try {
            JsonNode json = JSON.readTree(file.toFile());
            int format = json.path("format").asInt(0);
            if (format != Manifest.FORMAT) {
                throw new CgloraException(
                        ErrorCode.R_VERSION,
                        file.toString(),
                        "is a checkpoint of format %d, written by cglora %s; this one reads format %d"
                                .formatted(
                                        format,
                                        json.path("version").asString("?"),
                                        Manifest.FORMAT),
                        "resume with that version");
            }
            return new Checkpoint(folder, JSON.treeToValue(json, Manifest.class));
        } catch (JacksonException e) {
            throw damaged(file, "is not a checkpoint's: " + e.getOriginalMessage());
        }
    }

    private static void verify(Path folder) throws IOException {
        Path file = folder.resolve(SUMS);
        if (!Files.isRegularFile(file)) {
            throw damaged(file, "is not there");
        }
        byte[] written = Files.readAllBytes(file);
        String text = sums(folder);
        if (Arrays.equals(written, text.getBytes(StandardCharsets.UTF_8))) {
            return;
        }
        var then = byName(new String(written, StandardCharsets.ISO_8859_1));
        var now = byName(text);
        Set<String> names = new HashSet<>(then.keySet());
        names.addAll(now.keySet());
        for (String name : names.stream().sorted().toList()) {
            if (now.containsKey(name) && then.containsKey(name)) {
                if (!now.get(name).equals(then.get(name))
                        && then.get(name).matches("[0-9a-f]{64}")) {
                    throw damaged(
                            folder.resolve(name),
                            "has SHA-256 %s, expected %s".formatted(now.get(name), then.get(name)));
                }
            } else if (then.containsKey(name) && name.matches("[A-Za-z0-9._-]+")) {
                throw damaged(folder.resolve(name), "is not there");
            }
        }
        throw damaged(file, "is not the list of the files beside it");
    }

    private static TreeMap<String, String> byName(String sums) {
        var byName = new TreeMap<String, String>();
        for (String line : sums.split("\n", -1)) {
            int at = line.indexOf("  ");
            if (at > 0) {
                byName.put(line.substring(at + 2), line.substring(0, at));
            }
        }
        return byName;
    }

    private static CgloraException damaged(Path file, String what) {
        return new CgloraException(
                ErrorCode.R_DAMAGED, file.toString(), what, "the checkpoint before it is taken");
    }
}
