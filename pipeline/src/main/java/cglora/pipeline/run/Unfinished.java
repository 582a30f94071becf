package cglora.pipeline.run;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/// A folder that is being written, beside the place that it gets when it is whole. It is made here
/// under a name that nobody had, so that nothing of anybody else's is written to or removed.
final class Unfinished implements AutoCloseable {
    private final Path path;
    private boolean placed;

    private Unfinished(Path path) {
        this.path = path;
    }

    /// Makes an empty one.
    ///
    /// @param target the place that it is going to get; what is above it is made, too
    static Unfinished beside(Path target) throws IOException {
        Files.createDirectories(target.toAbsolutePath().getParent());
        var random = new SecureRandom();
        while (true) {
            String name = HexFormat.of().toHexDigits(random.nextLong());
            Path path = target.resolveSibling(target.getFileName() + "." + name + ".tmp");
            try {
                return new Unfinished(Files.createDirectory(path));
            } catch (FileAlreadyExistsException _) {
                continue; // somebody has it: another name
            }
        }
    }

    Path path() {
        return path;
    }

    /// Gives it its place, where nothing or an empty folder is.
    void place(Path target) throws IOException {
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(target); // which a folder that is not empty refuses
        }
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        placed = true;
    }

    /// Gives it the name `TARGET.rejected`, or `TARGET.rejected-2` and so on.
    Path reject(Path target) throws IOException {
        Path place = RunFolder.reject(path, target);
        placed = true;
        return place;
    }

    /// Removes what has not got a place.
    @Override
    public void close() {
        if (!placed) {
            RunFolder.delete(path);
        }
    }
}
