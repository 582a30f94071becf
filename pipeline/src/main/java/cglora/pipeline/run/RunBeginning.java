package cglora.pipeline.run;

import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a run writes and shows before its first stage: the pipeline, what runs it, and what it is
/// going to take.
final class RunBeginning {
    private final RunState run;
    private final PipelineSpec spec;

    RunBeginning(RunState run, PipelineSpec spec) {
        this.run = run;
        this.spec = spec;
    }

    /// @param exports whether an adapter or model is going to be written
    /// @param plans   memory of the stages
    /// @throws cglora.kernels.error.CgloraException K-DISK where there is too little room
    void write(boolean exports, List<MemoryPlan> plans) {
        run.folder.writeText("pipeline.json", PipelineWriter.write(spec, run.folder.path()));
        run.warnings.show();
        run.folder.requireSpace(DiskPlan.of(run.inputs, exports).bytes());
        run.progress.note(
                "run %s   engine %s (asked: %s)   seed %d",
                RunReport.relative(run.folder.path()),
                run.engine.device(),
                spec.engine().type().jsonName(),
                spec.seed());
        announce();
        recordPlan(plans);
    }

    private void announce() {
        var event = new LinkedHashMap<String, Object>();
        event.put("name", spec.name());
        event.put("seed", spec.seed());
        event.put("device", run.engine.device());
        event.put("why", run.engine.why());
        if (run.resumption == null) {
            run.folder.event("run", event);
            return;
        }
        run.resumption.tidy(run.folder.path(), run.inputs, run.notes);
        run.warnings.show();
        run.report.after(run.resumption.seconds());
        run.progress.note("resume       %s", run.resumption.describe());
        event.put("step", run.resumption.step());
        run.folder.event("resume", event);
    }

    /// Of a device what it holds; of this process everything.
    private void recordPlan(List<MemoryPlan> plans) {
        run.folder.event(
                "plan",
                run.engine instanceof EngineChoice.Tornado
                        ? Map.of(
                                "of",
                                "device",
                                "stages",
                                MemoryPlan.deviceRecords(RunMemory.of(run.inputs, run.engine)))
                        : Map.of("of", "process", "stages", MemoryPlan.records(plans)));
    }
}
