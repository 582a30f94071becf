package cglora.pipeline.run;

import cglora.pipeline.spec.AlignSpec;

/// Measures the start of the adapter beside the reference; training goes on measuring.
final class AlignStage {
    private final RunState run;

    AlignStage(RunState run) {
        this.run = run;
    }

    /// @return what the run shows of it
    String run(AlignSpec align) {
        new HeadStage(run).warm();
        run.alignment.refer();
        run.alignment.measure(0);
        if (align.layers()) {
            run.alignment.measureLayers(0);
        }
        run.alignment.write();
        return run.alignment.describe(0) + "  to " + align.reference();
    }
}
