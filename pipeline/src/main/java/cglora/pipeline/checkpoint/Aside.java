package cglora.pipeline.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/// Moves out of the way what somebody may still want, under a name that says so.
public final class Aside {
    /// How such names end; a number follows where there are several.
    public static final String SUFFIX = ".aside";

    private Aside() {}

    /// `NAME` becomes `NAME.aside`, or `NAME.aside-2` and so on.
    ///
    /// @param path a file or a folder
    /// @return where it is now
    public static Path move(Path path) throws IOException {
        return move(path, path.resolveSibling(path.getFileName() + SUFFIX));
    }

    /// `NAME` becomes `NAME` in another folder, or `NAME-2` and so on.
    ///
    /// @param folder which must exist, on the same file system
    /// @return where it is now
    public static Path into(Path folder, Path path) throws IOException {
        return move(path, folder.resolve(path.getFileName()));
    }

    private static Path move(Path path, Path wanted) throws IOException {
        Path place = wanted;
        for (int i = 2; Files.exists(place, LinkOption.NOFOLLOW_LINKS); i++) {
            place = wanted.resolveSibling(wanted.getFileName() + "-" + i);
        }
        return Files.move(path, place);
    }
}
