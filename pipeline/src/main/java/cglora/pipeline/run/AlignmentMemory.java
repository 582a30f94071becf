package cglora.pipeline.run;

import cglora.models.block.LinearModule;
import cglora.models.training.CalibrationPass;
import cglora.models.training.Session;
import cglora.pipeline.run.MemoryPlan.Item;
import cglora.pipeline.spec.AlignSpec;
import java.util.List;

/// What the measurement of alignment takes beside the stages that it watches.
final class AlignmentMemory {
    private final Inputs inputs;
    private final Session session;
    private final List<LinearModule> modules;

    AlignmentMemory(Inputs inputs, Session session, List<LinearModule> modules) {
        this.inputs = inputs;
        this.session = session;
        this.modules = modules;
    }

    /// What is kept to the end: logits in float64, and the layers' factors. Nothing where there is
    /// no such stage.
    Item kept() {
        return Item.engine("alignment", inputs.alignSpec().map(this::bytes).orElse(0L));
    }

    private long bytes(AlignSpec align) {
        long logits =
                AlignmentLog.data(inputs, align).size() * (long) inputs.classifier().outputs();
        long factors =
                align.layers()
                        ? new CalibrationPass(session, modules).sumBytes(CalibrationPass.METRIC)
                        : 0;
        return 2 * Double.BYTES * logits + factors;
    }

    /// What the comparison of one layer takes at its largest.
    Item layerAtWork() {
        boolean layers = inputs.alignSpec().stream().anyMatch(AlignSpec::layers);
        return Item.host(
                "layer at work",
                layers ? modules.stream().mapToLong(LayerComparison::bytes).max().orElse(0) : 0);
    }
}
