package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Links in a model's folder: they stay inside it, or go to the `blobs` of the Hugging Face cache
/// that the folder is a snapshot of.
final class ModelLinks {
    private ModelLinks() {}

    /// @throws CgloraException X-PATH with every link that leaves the folder
    static void check(Path folder) {
        var problems = new Problems();
        try (var files = Files.list(folder)) {
            Path inside = folder.toRealPath();
            Path blobs = blobs(inside);
            List<Path> links = files.filter(Files::isSymbolicLink).sorted().toList();
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
                                    : "is a link out of the model's folder, to " + target,
                            "put the file itself there, or allow it: \"follow_links\": true in the"
                                    + " model stage, --follow-links of predict");
                }
            }
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    folder.toString(),
                    "cannot be listed: " + e.getMessage(),
                    "check its permissions",
                    e);
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
