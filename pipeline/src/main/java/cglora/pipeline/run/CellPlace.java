package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.checkpoint.Aside;
import cglora.pipeline.checkpoint.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/// Makes room for a cell of a grid that begins anew where something is already.
final class CellPlace {
    /// Beside the cells, what they have made room for.
    static final String ASIDE = "aside";

    private static final String CHECKPOINT = "checkpoint-";

    private CellPlace() {}

    /// Removes a run that was killed before it kept anything; moves all else to `aside/`: hours of
    /// training under other settings, or what is no run of ours.
    ///
    /// @param notes is told of the latter
    static void clear(Path cell, Problems notes) throws IOException {
        if (!Files.exists(cell, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (isOurs(cell) && !hasCheckpoints(cell)) {
            Durable.delete(cell);
            return;
        }
        Path aside = Files.createDirectories(cell.resolveSibling(ASIDE));
        Path moved = Aside.into(aside, cell);
        notes.warning(
                ErrorCode.R_CHANGED,
                cell.toString(),
                "is not a run that this cell could go on with; it is set aside as "
                        + aside.getFileName().resolve(moved.getFileName()),
                "remove it when nobody needs it");
    }

    private static boolean isOurs(Path cell) {
        return Files.isDirectory(cell, LinkOption.NOFOLLOW_LINKS)
                && Files.isRegularFile(cell.resolve(RunEvents.FILE))
                && Files.isRegularFile(cell.resolve(RunLock.FILE));
    }

    private static boolean hasCheckpoints(Path cell) throws IOException {
        Path all = cell.resolve(RunFolder.CHECKPOINTS);
        if (!Files.isDirectory(all)) {
            return false;
        }
        try (var files = Files.walk(all, 2)) {
            return files.skip(1)
                    .anyMatch(file -> file.getFileName().toString().startsWith(CHECKPOINT));
        }
    }
}
