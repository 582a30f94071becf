package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Links in a model's folder: they stay inside it, or go to the `blobs` of the Hugging Face cache
/// that the folder is a snapshot of.
final class ModelLinks {
    private ModelLinks() {}

    /// @throws CgloraException X-PATH with every link that leaves the folder
    static void check(Path folder) {
        try (var files = Files.list(folder)) {
            check(folder, files.sorted().toList());
        } catch (IOException e) {
            throw unlistable(folder, e);
        }
    }

    /// The same of some of its files.
    ///
    /// @param names of files that need not be there
    static void check(Path folder, Stream<String> names) {
        try {
            check(folder, names.map(folder::resolve).toList());
        } catch (IOException e) {
            throw unlistable(folder, e);
        }
    }

    private static CgloraException unlistable(Path folder, IOException e) {
        return new CgloraException(
                ErrorCode.M_PATH,
                folder.toString(),
                "cannot be listed: " + e.getMessage(),
                "check its permissions",
                e);
    }

    private static void check(Path folder, List<Path> files) throws IOException {
        List<Path> links = files.stream().filter(Files::isSymbolicLink).toList();
        if (links.isEmpty()) {
            return;
        }
        var problems = new Problems();
        Path inside = folder.toRealPath();
        Path blobs = blobs(inside);
        for (Path link : links) {
            Path target = Files.exists(link) ? link.toRealPath() : null;
            boolean stays = target != null && target.startsWith(inside);
            boolean cached = target != null && blobs != null && target.startsWith(blobs);
            if (!stays && !cached) {
                problems.error(
                        ErrorCode.X_PATH,
                        link.toString(),
                        target == null
                                ? "is a link to "
                                        + Files.readSymbolicLink(link)
                                        + ", which is not there"
                                : "is a link out of its folder, to " + target,
                        "put the file itself there, or allow it: \"follow_links\": true in the"
                                + " model stage, --follow-links of predict");
            }
        }
        problems.throwIfAny();
    }

    /// `models--X/blobs` where the folder is `models--X/snapshots/REVISION`; else null.
    private static Path blobs(Path folder) {
        Path snapshots = folder.getParent();
        Path model = snapshots == null ? null : snapshots.getParent();
        return model != null
                        && snapshots.endsWith("snapshots")
                        && model.getFileName() != null
                        && model.getFileName().toString().startsWith("models--")
                ? model.resolve("blobs")
                : null;
    }
}
