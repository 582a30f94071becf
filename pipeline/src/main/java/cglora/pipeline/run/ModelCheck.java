package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.family.ModelNotes;
import cglora.models.family.PretrainedModel;
import cglora.pipeline.spec.ModelSpec;
import java.util.Map;

/// What the headers of a model say to its settings.
final class ModelCheck {
    private ModelCheck() {}

    /// Reads configuration and headers.
    ///
    /// @throws CgloraException as [PretrainedModel#load]
    static PretrainedModel headers(ModelSpec spec, Problems problems) {
        Map<String, ?> config = spec.config() == null ? Map.of() : spec.config();
        var checkpoint = PretrainedModel.load(spec.path(), config, spec.followLinks());
        if (spec.task().writes()) {
            ModelNotes.tellOfWriting(checkpoint, problems);
        } else {
            ModelNotes.tell(checkpoint, problems);
        }
        return checkpoint;
    }

    /// The task has the kind of body that it needs.
    ///
    /// @throws CgloraException M-FAMILY or M-TENSOR
    static void body(Inputs inputs) {
        switch (inputs.modelSpec().task()) {
            case SEQ_CLS -> inputs.pooling();
            case SEQ_2_SEQ_LM -> inputs.checkpoint().encoderDecoder();
            case CAUSAL_LM -> inputs.checkpoint().causalDecoder();
            case TOKEN_CLS -> inputs.checkpoint().encoder();
        }
    }

    /// Weights that are rounded can neither be trained nor have a start taken off them.
    static void dtype(Inputs inputs, Problems problems) {
        boolean full = inputs.isFull();
        boolean shifted =
                inputs.adapterSpec() != null && AdapterLayers.isShifted(inputs.adapterSpec());
        if (inputs.modelSpec().dtype() == ModelSpec.Dtype.FLOAT32 || !full && !shifted) {
            return;
        }
        problems.error(
                ErrorCode.O_CONFLICT,
                inputs.modelSpec().id() + ".dtype",
                "bfloat16 is for weights that stay as they are; "
                        + (full
                                ? "here the model's own weights are trained"
                                : "adapter.method %s takes its start off them"
                                        .formatted(inputs.adapterSpec().method().jsonName())),
                full
                        ? "take float32, or an adapter"
                        : "take float32, or lora, rslora, eva or cg-lora without a shift");
    }
}
