package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.spec.JsonText;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The folder of a grid: one folder a run, and `grid.json`. It stands beside the folder of the
/// pipeline's own runs, so that the same command finds what it left.
final class GridFolder {
    /// What the grid's own file is called.
    static final String RECORD = "grid.json";

    private static final String LOCK = "grid.lock";

    private final Path path;
    private final Map<String, Path> finished = new HashMap<>();

    /// Looks through what is there; makes nothing.
    GridFolder(PipelineSpec spec) {
        path = Path.of(spec.outputDir() + "-grid");
        for (Path run : runs()) {
            if (isFinished(run)) {
                remember(run);
            }
        }
    }

    Path path() {
        return path;
    }

    private List<Path> runs() {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (var files = Files.list(path)) {
            return files.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private static CgloraException unreadable(Path file, Exception e) {
        return new CgloraException(
                ErrorCode.D_FORMAT,
                file.toString(),
                "cannot be read as a grid's: " + e.getMessage(),
                "take it away, or give this grid another output_dir",
                e);
    }

    /// A run whose pipeline this version does not know is another's: the cell is run again beside
    /// it.
    private void remember(Path run) {
        try {
            PipelineSpec spec =
                    PipelineReader.read(run.resolve("pipeline.json"), Overrides.none()).spec();
            var sums = new ArrayList<String>();
            for (JsonNode sum :
                    JsonMapper.shared().readTree(run.resolve("run.json").toFile()).path("sha256")) {
                sums.add(sum.asString(""));
            }
            finished.put(key(spec, sums), run);
        } catch (CgloraException e) {
            return; // of another version
        } catch (JacksonException e) {
            throw unreadable(run.resolve("run.json"), e);
        }
    }

    /// The settings with all defaults, and what was read.
    private static String key(PipelineSpec spec, Collection<String> sums) {
        return PipelineWriter.write(spec) + sums.stream().sorted().toList();
    }

    private static boolean isFinished(Path run) {
        return RunEvents.isFinished(run, RunEvents.read(run));
    }

    /// The folder of a finished run of this pipeline on these files; null for none.
    ///
    /// @param sums SHA-256 of the files
    Path finished(PipelineSpec spec, Collection<String> sums) {
        return finished.get(key(spec, sums));
    }

    /// Seconds that a finished run took; NaN where it does not say.
    static double seconds(Path run) {
        Path metrics = run.resolve("metrics.json");
        try {
            return JsonMapper.shared()
                    .readTree(metrics.toFile())
                    .path("seconds")
                    .asDouble(Double.NaN);
        } catch (JacksonException e) {
            throw unreadable(metrics, e);
        }
    }

    /// A folder for a run that is to begin, or that goes on; a finished one of another pipeline
    /// keeps its own.
    Path place(String name) {
        Path place = path.resolve(name);
        for (int i = 2; Files.exists(place) && isFinished(place); i++) {
            place = path.resolve(name + "-" + i);
        }
        return place;
    }

    /// Keeps other processes away until it is closed, or this one ends.
    ///
    /// @throws CgloraException K-LOCKED, or K-OUTPUT where nothing can be written
    FileChannel lock() {
        try {
            Files.createDirectories(path);
            FileChannel channel =
                    FileChannel.open(
                            path.resolve(LOCK),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
            if (isTaken(channel)) {
                channel.close();
                throw new CgloraException(
                        ErrorCode.K_LOCKED,
                        path.toString(),
                        "another process runs this grid",
                        "wait for it, or give this one another output_dir");
            }
            return channel;
        } catch (IOException e) {
            throw RunFolder.unwritable(path, e);
        }
    }

    private static boolean isTaken(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() == null;
        } catch (OverlappingFileLockException e) {
            return true; // by this very process
        }
    }

    /// Replaces `grid.json`.
    void write(Map<String, ?> record) {
        Path temporary = path.resolve(RECORD + ".tmp");
        try {
            Files.writeString(temporary, JsonText.write(record));
            Files.move(
                    temporary,
                    path.resolve(RECORD),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw RunFolder.unwritable(path, e);
        }
    }
}
