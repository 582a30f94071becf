package cglora.kernels.program;

/// What a buffer is for: buffers of one region live in the same arenas, and the memory plan is
/// given by region.
public enum Region {
    /// Frozen parameters.
    WEIGHTS,
    /// Trained parameters.
    PARAMETERS,
    /// Gradients of the trained parameters, laid out as these.
    GRADIENTS,
    /// The optimiser's moments, statistics of a calibration.
    STATE,
    /// Buffers of one program: inputs, outputs and activations. Contents end with the execution.
    SCRATCH;

    public boolean isPersistent() {
        return this != SCRATCH;
    }
}
