package cglora.pipeline.run;

import cglora.models.adapter.LoraFactors;
import cglora.models.block.LinearModule;
import cglora.models.curvature.Damping;
import cglora.models.curvature.LayerAlignment;
import cglora.models.linalg.Matrix;
import cglora.models.training.LayerFactors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Layer by layer, how much of a reference's update an adapter's subspace holds, in the metric of
/// the base model's curvature. One layer's matrices are in memory at a time, beside the factors.
///
/// @param factors   of the base model's layers
/// @param damping   of the factors
/// @param reference the fully fine-tuned model
record LayerComparison(LayerFactors factors, Damping damping, TunedModel reference) {
    /// @param modules the layers of the adapter
    /// @param adapter its factors by the layers' names
    Map<String, LayerAlignment> compare(
            List<LinearModule> modules, Map<String, LoraFactors> adapter) {
        var layers = new LinkedHashMap<String, LayerAlignment>();
        reference.updates(
                modules,
                (module, update) -> {
                    LoraFactors f = adapter.get(module.name());
                    int r = f.loraA().length / module.in();
                    layers.put(
                            module.name(),
                            LayerAlignment.of(
                                    factors.A(module.name()),
                                    factors.S(module.name()),
                                    damping,
                                    update,
                                    Matrix.of(r, module.in(), f.loraA()),
                                    Matrix.of(module.out(), r, f.loraB())));
                });
        return layers;
    }
}
