package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;

/// Parameters that stand side by side in one buffer and are trained alike, in the order in which a
/// step of the optimiser takes them.
enum TrainableGroup {
    ADAPTERS_A("adapters.A", false, true, Region.GRADIENTS),
    ADAPTERS_B("adapters.B", false, true, Region.SECOND_GRADIENTS),
    BODY_MATRICES("body.matrices", false, true, Region.GRADIENTS),
    BODY_VECTORS("body.vectors", false, false, Region.GRADIENTS),
    HEAD_WEIGHTS("head.weight", true, true, Region.GRADIENTS),
    HEAD_BIASES("head.bias", true, false, Region.GRADIENTS);

    private final String bufferName;
    private final boolean ofHead;
    private final boolean decays;
    private final Region gradients;

    TrainableGroup(String bufferName, boolean ofHead, boolean decays, Region gradients) {
        this.bufferName = bufferName;
        this.ofHead = ofHead;
        this.decays = decays;
        this.gradients = gradients;
    }

    String bufferName() {
        return bufferName;
    }

    boolean isTrainedIn(TrainedPart part) {
        return switch (part) {
            case ALL -> true;
            case HEAD -> ofHead;
            case BODY -> !ofHead;
        };
    }

    /// Places its gradients and moments.
    ///
    /// @param parameters all of the group, or a part of it
    /// @param headRate   the head's learning rate over the common one
    /// @param decay      weight decay of matrices; vectors have none
    AdamW.Group optimized(Layout layout, Buffer parameters, double headRate, double decay) {
        return AdamW.Group.of(
                layout, parameters, gradients, ofHead ? headRate : 1, decays ? decay : 0);
    }
}
