package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.models.training.StoppedException;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.TrainSpec;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.Optional;

/// What a run does behind its last stage: what was learnt is written and measured where no stage
/// has, and the record is closed, by a failure, too.
final class RunEnding {
    private final RunState run;

    RunEnding(RunState run) {
        this.run = run;
    }

    /// @param startOnly whether the adapter is to be written as it starts, and nothing was trained
    /// @param exports   whether what was learnt may be written
    /// @param largest   the stage that takes most memory; null for no plan
    void finish(boolean startOnly, boolean exports, MemoryPlan largest) {
        if (run.interrupted && !run.trained) {
            run.progress.note(
                    run.resumption == null || run.resumption.isStart()
                            ? "interrupted before anything was trained: nothing is kept"
                            : "interrupted before training went on: the checkpoints stay");
        } else if (startOnly) {
            run.progress.note("start        %s", new ExportStage(run).runStart());
        }
        if (!startOnly) {
            keep(exports);
            measure();
        }
        run.report.finish(run, largest);
        RunReportFile.write(run);
    }

    /// Writes what was learnt where no stage has: by default, and always when the run was
    /// interrupted.
    private void keep(boolean exports) {
        boolean written = run.adapterPath != null || run.modelPath != null;
        if (!run.trained || written || !exports || run.isCell && run.interrupted) {
            return;
        }
        Optional<ExportSpec> export =
                run.interrupted
                        ? Optional.of(ExportSpec.byDefault())
                        : run.inputs.exportByDefault();
        export.ifPresent(
                spec -> run.progress.note("      export     %s", new ExportStage(run).run(spec)));
    }

    /// Where no stage evaluates, the final table shows what training has reached all the same.
    private void measure() {
        boolean measured =
                run.inputs.stages().reversed().stream()
                        .takeWhile(stage -> !(stage instanceof TrainSpec))
                        .anyMatch(s -> s instanceof EvaluateSpec e && e.from() == null);
        if (!run.trained || run.interrupted || measured) {
            return;
        }
        try {
            run.metrics.baseline("after training, " + run.inputs.reportedName());
        } catch (StoppedException _) {
            run.interrupt();
        }
    }

    /// Records that the run ends here, and why.
    ///
    /// @param status the exit status
    void fail(int status, String reason, Throwable cause) {
        var trace = new StringWriter();
        cause.printStackTrace(new PrintWriter(trace));
        try {
            run.folder.log(trace.toString());
            run.folder.event("end", Map.of("exit", status, "reason", reason));
            RunReportFile.write(run);
        } catch (CgloraException e) {
            cause.addSuppressed(e); // a full disk takes no last words
        }
    }
}
