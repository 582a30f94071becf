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
    private final BatchMemory batches;
    private final ComparedLogits compared;

    /// @param modules that have adapters; they may come later
    AlignmentMemory(
            Inputs inputs, Session session, List<LinearModule> modules, BatchMemory batches) {
        this.inputs = inputs;
        this.session = session;
        this.modules = modules;
        this.batches = batches;
        this.compared =
                inputs.alignSpec().map(align -> AlignmentLog.compared(inputs, align)).orElse(null);
    }

    /// What is kept to the end: the logits of `f₀` and of the reference, beside them those that are
    /// measured, and the layers' factors. Nothing where there is no such stage.
    Item kept() {
        return Item.engine("alignment", inputs.alignSpec().map(this::bytes).orElse(0L));
    }

    private long bytes(AlignSpec align) {
        long logits = (long) compared.size() * inputs.outputs();
        long factors =
                align.layers()
                        ? new CalibrationPass(session, modules).sumBytes(CalibrationPass.METRIC)
                        : 0;
        return 3L * Float.BYTES * logits + factors;
    }

    /// Activations of the model while it is measured; 0 where there is no such stage.
    long comparison() {
        if (compared == null) {
            return 0;
        }
        long tokens =
                compared.isOfTokens()
                        ? batches.of(
                                session.evaluator()
                                        .planned(compared.sample(), compared.batches(inputs)))
                        : 0;
        return Math.max(batches.evaluation(), tokens);
    }

    /// Those of the pass that gathers the factors of the layers' metric.
    long metric(AlignSpec align) {
        return align.layers()
                ? batches.of(
                        new CalibrationPass(session, modules)
                                .planned(
                                        CalibrationPass.METRIC,
                                        BatchMemory.largest(
                                                Inputs.EVALUATION_BATCH, inputs, compared.data())))
                : 0;
    }

    /// What the comparison of one layer takes at its largest.
    Item layerAtWork() {
        boolean layers = inputs.alignSpec().stream().anyMatch(AlignSpec::layers);
        return Item.host(
                "layer at work",
                layers ? modules.stream().mapToLong(LayerComparison::bytes).max().orElse(0) : 0);
    }
}
