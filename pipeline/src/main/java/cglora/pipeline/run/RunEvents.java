package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The events that a run has recorded, a line each.
public final class RunEvents {
    /// What their file is called in a run's folder.
    public static final String FILE = "events.jsonl";

    private RunEvents() {}

    /// In their order; up to the first line that is not whole, as where the run was killed. None
    /// where there is no such file.
    ///
    /// @throws CgloraException D-FORMAT where the file is there and can't be read
    public static List<JsonNode> read(Path run) {
        var events = new ArrayList<JsonNode>();
        List<String> lines;
        try {
            lines = Files.readAllLines(run.resolve(FILE));
        } catch (NoSuchFileException e) {
            return events; // nothing has been run here
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.D_FORMAT,
                    run.resolve(FILE).toString(),
                    "cannot be read as a run's events: " + e,
                    "make it readable, or take the run's folder away",
                    e);
        }
        for (String line : lines) {
            try {
                events.add(JsonMapper.shared().readTree(line));
            } catch (JacksonException e) {
                return events; // cut while it was written
            }
        }
        return events;
    }

    /// Takes the events off that stand behind a place, and a line that is not whole.
    ///
    /// @param bytes length of what stays, where there is as much
    static void cut(Path run, long bytes) throws IOException {
        Path file = run.resolve(FILE);
        if (!Files.exists(file)) {
            return;
        }
        try (var channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long end = Math.min(bytes, channel.size());
            var last = ByteBuffer.allocate(1);
            while (end > 0) {
                last.clear();
                channel.read(last, end - 1);
                if (last.get(0) == '\n') {
                    break;
                }
                end--;
            }
            channel.truncate(end);
        }
    }

    /// Whether the run came to its end: not interrupted, not failed, its metrics written.
    public static boolean isFinished(Path run, List<JsonNode> events) {
        if (events.isEmpty()) {
            return false;
        }
        JsonNode last = events.getLast();
        return last.path("event").asString("").equals("end")
                && last.path("exit").asInt(1) == 0
                && Files.isRegularFile(run.resolve("metrics.json"));
    }
}
