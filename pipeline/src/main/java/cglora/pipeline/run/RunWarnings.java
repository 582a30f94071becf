package cglora.pipeline.run;

import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import java.util.List;
import java.util.Map;

/// The warnings of a run: each is shown and recorded once.
final class RunWarnings {
    private final Problems notes;
    private final Progress progress;
    private final RunFolder folder;
    private int shown;

    /// @param notes collects them
    RunWarnings(Problems notes, Progress progress, RunFolder folder) {
        this.notes = notes;
        this.progress = progress;
        this.folder = folder;
    }

    /// What an earlier run, or an earlier part of this one, had to say, unless it has been said.
    void repeat(List<Problem> warnings) {
        for (Problem w : warnings) {
            if (!notes.warnings().contains(w)) {
                notes.warning(w.code(), w.where(), w.what(), w.fix());
            }
        }
    }

    /// Shows and records the warnings that are new.
    void show() {
        List<Problem> warnings = notes.warnings();
        for (; shown < warnings.size(); shown++) {
            Problem w = warnings.get(shown);
            progress.note("%s", w.render("warning"));
            folder.event(
                    "warning",
                    Map.of("code", w.code().toString(), "where", w.where(), "what", w.what()));
        }
    }
}
