package cglora.pipeline.run;

import cglora.kernels.error.Problems;
import cglora.models.adapter.Need;
import cglora.models.block.LinearModule;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.training.CalibrationPass;
import cglora.models.training.Session;
import cglora.models.training.SketchSizes;
import cglora.models.training.SketchedPass;
import cglora.pipeline.run.MemoryPlan.Item;
import cglora.pipeline.spec.CalibrateSpec;
import java.util.List;
import java.util.Set;

/// Counts what calibration takes, and what it leaves for the adapter's start.
final class CalibrationMemory {
    /// @param sums        stay until the adapter has started
    /// @param activations bytes of the largest batch
    /// @param logits      bytes that the host reads of one
    record Counted(Item sums, long activations, long logits) {}

    private final Inputs inputs;
    private final Session session;
    private final List<LinearModule> modules;
    private final BatchMemory batches;
    private final LayerMemory layers;

    /// @param layers is told what each layer's start will take
    CalibrationMemory(
            Inputs inputs,
            Session session,
            List<LinearModule> modules,
            BatchMemory batches,
            LayerMemory layers) {
        this.inputs = inputs;
        this.session = session;
        this.modules = modules;
        this.batches = batches;
        this.layers = layers;
    }

    /// Statistics of an earlier run: they are as large as factors are.
    void taken() {
        modules.forEach(module -> layers.add(module, rootRank(), 0));
    }

    Counted of(CalibrateSpec calibrate) {
        Set<Need> needs = Initializers.needs(inputs.adapterSpec());
        Dataset data = Samples.draw(inputs, calibrate, new Problems()).curvature();
        session.recomputeLayers(inputs.recomputesLayers());
        var pass = new CalibrationPass(session, modules);
        boolean curved = needs.equals(Need.FACTORS);
        CalibrationTokens tokens =
                CalibrationTokens.of(
                        pass, modules, inputs.batches(data), curved ? calibrate.tokens() : null);
        BatchShape shape = BatchMemory.largest(CalibrateStage.batch(calibrate), inputs, data);
        if (curved && CalibrateStage.isSketched(calibrate)) {
            return sketches(calibrate, shape);
        }
        boolean implicit = curved && CalibrateStage.isImplicit(calibrate, inputs, tokens);
        Item sums;
        long activations;
        if (curved && CalibrateStage.needsRows(calibrate, inputs, tokens)) {
            // the rows in float32, and once more in float64
            long values = CalibrateStage.rowValues(inputs, calibrate, pass, modules, tokens);
            sums = Item.host("tokens", values * (Float.BYTES + Double.BYTES));
            activations = batches.of(pass.plannedTokens(shape));
        } else {
            sums = Item.engine(curved ? "curvature sums" : "sums", pass.sumBytes(needs));
            activations = batches.of(pass.planned(needs, shape));
        }
        int root = rootRank();
        for (LinearModule module : modules) {
            layers.add(module, root, implicit ? tokens.mostTaken() : 0);
        }
        boolean drawn = calibrate.fisher() == CalibrateSpec.Fisher.MC && inputs.isOfTokens();
        return new Counted(
                sums,
                drawn ? Math.max(activations, batches.evaluation()) : activations,
                drawn ? batches.logits(shape) : 0);
    }

    private Counted sketches(CalibrateSpec calibrate, BatchShape shape) {
        SketchedPass pass = CalibrateStage.sketches(session, calibrate, AdapterLayers.of(inputs));
        SketchSizes sizes = pass.sizes();
        boolean whitened = AdapterLayers.isWhitened(inputs.adapterSpec());
        modules.forEach(module -> layers.addSketched(module, sizes, whitened));
        return new Counted(
                Item.engine(
                        sizes.isThin() ? "sketches" : "sketches and gradients",
                        pass.bytes() + pass.hostBytes()),
                batches.of(pass.planned(shape)),
                0);
    }

    private int rootRank() {
        Integer rank = inputs.adapterSpec().cg().whiteningRank();
        return rank == null ? 0 : rank;
    }
}
