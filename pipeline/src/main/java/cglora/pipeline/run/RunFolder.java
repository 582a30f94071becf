package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.checkpoint.Durable;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// The folder of one run: `pipeline.json`, `run.json`, `events.jsonl`, `log.txt`,
/// `metrics.json`, `report.html`, `checkpoints/`, `exports/` and `adapter/` or `model/`. Files
/// are written beside their place and moved there when they are whole. One process has the
/// folder at a time.
final class RunFolder implements AutoCloseable {
    private static final JsonMapper PRETTY =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /// Where the checkpoints are.
    static final String CHECKPOINTS = "checkpoints";

    /// What exports before the last one have written, each in a folder of its id.
    static final String EXPORTS = "exports";

    private final Path path;
    private final RunLock lock;
    private final BufferedWriter events;
    private final BufferedWriter log;
    private final TensorBoardLog tensorBoard;

    private RunFolder(Path path, RunLock lock) throws IOException {
        this.path = path;
        this.lock = lock;
        events = appending(path.resolve(RunEvents.FILE));
        log = appending(path.resolve("log.txt"));
        tensorBoard = new TensorBoardLog(path);
    }

    private static BufferedWriter appending(Path file) throws IOException {
        return Files.newBufferedWriter(
                file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /// Makes a new folder under `parent`, named by the time.
    ///
    /// @throws CgloraException K-OUTPUT when it can't be made or written
    static RunFolder under(Path parent) {
        String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        try {
            Files.createDirectories(parent);
            Path folder = parent.resolve(time);
            for (int i = 2; !create(folder); i++) {
                folder = parent.resolve(time + "-" + i);
            }
            return new RunFolder(folder, RunLock.of(folder));
        } catch (IOException e) {
            throw unwritable(parent, e);
        }
    }

    /// Makes this folder.
    ///
    /// @throws CgloraException K-OUTPUT when it can't be made or written
    static RunFolder at(Path folder) {
        try {
            Files.createDirectories(folder);
            return new RunFolder(folder, RunLock.of(folder));
        } catch (IOException e) {
            throw unwritable(folder, e);
        }
    }

    /// Goes on in the folder of a run. Events that are going to happen again are taken off, as is
    /// what was half written.
    ///
    /// @param lock of the folder
    /// @param step behind which it goes on; 0 for the start
    /// @throws CgloraException K-OUTPUT when it can't be written
    static RunFolder again(Path folder, RunLock lock, int step) {
        try {
            for (String name : List.of("adapter", "model", "pipeline.json", "run.json")) {
                Durable.delete(folder.resolve(name + ".tmp"));
                Durable.delete(folder.resolve(name + ".old"));
            }
            tidyExports(folder.resolve(EXPORTS));
            RunEvents.keep(folder, step);
            return new RunFolder(folder, lock);
        } catch (IOException e) {
            throw unwritable(folder, e);
        }
    }

    /// Removes what was being written; what is whole stays until it is replaced.
    private static void tidyExports(Path exports) throws IOException {
        if (!Files.isDirectory(exports)) {
            return;
        }
        try (var all = Files.newDirectoryStream(exports)) {
            for (Path export : all) {
                for (String name : List.of("adapter", "model")) {
                    Durable.delete(export.resolve(name + ".tmp"));
                    Durable.delete(export.resolve(name + ".old"));
                }
            }
        }
    }

    /// Puts a folder that is whole in its place; one that an interrupted run has left there makes
    /// room for it.
    void replace(Path temporary, Path target) throws IOException {
        Path old = target.resolveSibling(target.getFileName() + ".old");
        if (Files.exists(target)) {
            Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        Durable.delete(old);
    }

    /// Keeps what does not hold under a name beside its place that nothing has.
    static Path reject(Path written, Path target) throws IOException {
        String name = target.getFileName() + ".rejected";
        Path rejected = target.resolveSibling(name);
        for (int i = 2; Files.exists(rejected, LinkOption.NOFOLLOW_LINKS); i++) {
            rejected = target.resolveSibling(name + "-" + i);
        }
        return Files.move(written, rejected);
    }

    static CgloraException unwritable(Path folder, IOException e) {
        return new CgloraException(
                ErrorCode.K_OUTPUT,
                folder.toString(),
                "the run's folder cannot be written: " + e.getMessage(),
                "set output_dir to a folder that can",
                e);
    }

    private static boolean create(Path folder) throws IOException {
        try {
            Files.createDirectory(folder);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false; // another run has it
        }
    }

    /// @param bytes what is going to be written
    /// @throws CgloraException K-DISK when the disk has less room
    void requireSpace(long bytes) {
        long free;
        try {
            free = Files.getFileStore(path).getUsableSpace();
        } catch (IOException e) {
            throw diskError(e);
        }
        if (free < bytes) {
            throw new CgloraException(
                    ErrorCode.K_DISK,
                    path.toString(),
                    "%d bytes are to be written, the disk has %d".formatted(bytes, free),
                    "make room, or set output_dir to another disk");
        }
    }

    /// Removes a folder of plain files, or a file; what is not there is no error.
    static void delete(Path path) {
        try {
            if (Files.isDirectory(path)) {
                try (var files = Files.list(path)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
            }
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path() {
        return path;
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    /// Appends one event; flushed, so that others can follow.
    void event(String kind, Map<String, ?> values) {
        var event = new LinkedHashMap<String, Object>();
        event.put("v", 1);
        event.put("time", Instant.now().toString());
        event.put("event", kind);
        values.forEach((key, value) -> event.put(key, finite(value)));
        try {
            events.write(JsonMapper.shared().writeValueAsString(event));
            events.write('\n');
            events.flush();
            tensorBoard.event(kind, values);
        } catch (IOException e) {
            throw diskError(e);
        }
    }

    /// Appends what was shown, or would have been, to `log.txt`.
    void log(String text) {
        try {
            log.write(Instant.now() + "  " + text.stripTrailing() + "\n");
            log.flush();
        } catch (IOException e) {
            throw diskError(e);
        }
    }

    private static Object finite(Object value) {
        return value instanceof Double d && !Double.isFinite(d) ? d.toString() : value;
    }

    void writeJson(String name, Object value) {
        writeText(name, PRETTY.writeValueAsString(value) + "\n");
    }

    void writeText(String name, String text) {
        Path temporary = path.resolve(name + ".tmp");
        try {
            Files.writeString(temporary, text);
            Files.move(
                    temporary,
                    path.resolve(name),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            delete(temporary);
            throw diskError(e);
        }
    }

    CgloraException diskError(IOException e) {
        return new CgloraException(
                ErrorCode.K_DISK,
                path.toString(),
                "cannot be written: " + e.getMessage(),
                "make room, or set output_dir to another disk",
                e);
    }

    /// Points `latest`, beside the runs, at this one; a link of that name that leads elsewhere is
    /// somebody else's.
    void markLatest() {
        Path link = path.resolveSibling("latest");
        try {
            boolean ours =
                    Files.isSymbolicLink(link)
                            && Files.readSymbolicLink(link)
                                    .equals(Files.readSymbolicLink(link).getFileName());
            if (ours || !Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                Files.deleteIfExists(link);
                Files.createSymbolicLink(link, path.getFileName());
            }
        } catch (IOException | UnsupportedOperationException e) {
            event("note", Map.of("latest", "no symbolic link: " + e.getMessage()));
        }
    }

    @Override
    public void close() {
        try (lock;
                events;
                log;
                tensorBoard) {
            log.flush();
        } catch (IOException e) {
            throw diskError(e);
        }
    }
}
