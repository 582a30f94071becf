package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

    /// Leaves the events that do not happen again when the run goes on behind a step: its begin,
    /// and the steps and what was measured on the way to there. The stages before training are run
    /// again, and so is the evaluation of that step.
    static void keep(Path run, int step) throws IOException {
        Path file = run.resolve(FILE);
        if (!Files.exists(file)) {
            return;
        }
        List<JsonNode> events = read(run);
        List<String> lines = Files.readAllLines(file);
        var kept = new ArrayList<String>();
        for (int i = 0; i < events.size(); i++) {
            if (stays(events.get(i), step)) {
                kept.add(lines.get(i));
            }
        }
        Path temporary = run.resolve(FILE + ".tmp");
        Files.write(temporary, kept);
        Files.move(
                temporary,
                file,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private static boolean stays(JsonNode event, int step) {
        int of = event.path("step").asInt(0);
        return switch (event.path("event").asString("")) {
            case "run", "resume" -> true;
            case "step", "checkpoint" -> of > 0 && of <= step;
            case "eval", "align" -> of > 0 && of < step;
            case "warning" ->
                    step > 0 && event.path("code").asString("").equals(ErrorCode.N_NAN.toString());
            default -> false;
        };
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
