package cglora.pipeline.run;

import cglora.models.training.StoppedException;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AlignSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/// Runs the stages one after the other; each is timed, shown and recorded.
final class StageSequence {
    private final RunState run;
    private final List<MemoryPlan> plans;
    private final boolean exports;

    /// @param plans   memory of the stages; of those that have none nothing is known
    /// @param exports whether stages may export
    StageSequence(RunState run, List<MemoryPlan> plans, boolean exports) {
        this.run = run;
        this.plans = plans;
        this.exports = exports;
    }

    void run() {
        List<StageSpec> stages = run.inputs.stages();
        for (int i = 0; i < stages.size(); i++) {
            String id = stages.get(i).id();
            plans.stream()
                    .filter(plan -> plan.stage().equals(id))
                    .max(Comparator.comparingLong(MemoryPlan::counted))
                    .ifPresent(plan -> plan.allowHeap(run.shared.bytes()));
            if (isDue(stages.get(i))) {
                run(stages.get(i), i + 1, stages.size());
            }
        }
    }

    /// An interrupted run does no more than write what was learnt.
    private boolean isDue(StageSpec stage) {
        if (!run.interrupted && run.isStopping()) {
            run.interrupt();
        }
        boolean exporting = stage instanceof ExportSpec;
        if (exporting && !exports) {
            return false;
        }
        return !run.interrupted || run.trained && exporting && !run.isCell;
    }

    private void run(StageSpec stage, int number, int of) {
        long begin = System.nanoTime();
        var kernels = new KernelTimes(run);
        var compilations = new Compilations(run);
        var flight = new StageEvent();
        flight.begin();
        String detail;
        try {
            detail = run(stage);
            run.states.passed(stage);
        } catch (StoppedException _) {
            run.interrupt();
            detail = "interrupted";
        }
        flight.end();
        double seconds = (System.nanoTime() - begin) * 1e-9;
        run.progress.note(
                "[%d/%d] %-10s %6s   %s", number, of, stage.id(), Progress.time(seconds), detail);
        run.folder.event(
                "stage",
                Map.of(
                        "stage",
                        stage.id(),
                        "seconds",
                        seconds,
                        "peak_rss_mib",
                        PeakMemory.residentMiB(),
                        "detail",
                        detail));
        kernels.record(stage.id());
        compilations.record(stage.id(), run.progress);
        flight.stage = stage.id();
        flight.detail = detail;
        flight.commit();
        run.warnings.show();
    }

    /// @return what the run shows of the stage
    private String run(StageSpec stage) {
        return switch (stage) {
            case ModelSpec _ -> new ModelStage(run.inputs).run();
            case DataSpec data when data.id().equals(run.inputs.dataSpec().id()) ->
                    new DataStage(run).run();
            case DataSpec data -> DataStage.describe(run.inputs.on(data.id()));
            case CalibrateSpec calibrate -> new CalibrateStage(run).run(calibrate);
            case AdapterSpec adapter -> new AdapterStage(run).run(adapter);
            case AlignSpec align -> new AlignStage(run).run(align);
            case TrainSpec training -> new TrainStage(run).run(training);
            case EvaluateSpec evaluate -> new EvaluateStage(run).run(evaluate);
            case ExportSpec export -> new ExportStage(run).run(export);
        };
    }
}
