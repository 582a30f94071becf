package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.report.RunHistory;
import cglora.pipeline.report.RunPage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// The page of a run in its folder, made from what else is there.
public final class RunReportFile {
    /// What the page is called.
    public static final String NAME = "report.html";

    private RunReportFile() {}

    /// The page's text.
    ///
    /// @throws CgloraException P-USAGE where the folder is no run's, D-FORMAT where its files
    ///     cannot be read
    public static String html(Path run) {
        if (!Files.isRegularFile(run.resolve(RunEvents.FILE))) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    run.toString(),
                    "is not the folder of a run: it has no " + RunEvents.FILE,
                    "name a folder that cglora run has made");
        }
        List<JsonNode> events = RunEvents.read(run);
        return RunPage.html(RunHistory.read(real(run), events));
    }

    /// The folder under its own name, not that of a link to it.
    private static Path real(Path run) {
        try {
            return run.toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Writes the page of a run that ends. What keeps the page from being written does not keep the
    /// run from its end: it is said and recorded.
    static void write(RunState run) {
        try {
            run.folder.writeText(NAME, html(run.folder.path()));
        } catch (RuntimeException e) {
            try {
                run.progress.note(
                        "%s is not written: %s; cglora report %s",
                        NAME, e.getMessage(), RunReport.relative(run.folder.path()));
            } catch (CgloraException full) {
                e.addSuppressed(full); // the log cannot be written either: nothing more to say
            }
        }
    }
}
