package cglora.pipeline.report;

import cglora.models.curvature.LayerAlignment;
import cglora.models.curvature.PredictionAlignment;
import java.util.Map;

/// An adapter, or one step of its training, beside full fine-tuning.
///
/// @param name        of the adapter or the run
/// @param step        of training; null where it is not known
/// @param predictions on all the examples
/// @param layers      by the layers' names; empty where they were not asked for
public record AlignmentRow(
        String name,
        Integer step,
        PredictionAlignment predictions,
        Map<String, LayerAlignment> layers) {
    /// `runs/a, step 100`.
    String title() {
        return step == null ? name : name + ", step " + step;
    }

    /// All layers together; their shares are NaN where there are none.
    LayerAlignment whole() {
        return LayerAlignment.sum(layers.values());
    }
}
