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
    /// Gradients of `lora_B`: apart from those of `lora_A`, because one kernel writes both.
    SECOND_GRADIENTS,
    /// The optimiser's moments, statistics of a calibration.
    STATE,
    /// The optimiser's second moments: apart from the first, because one kernel writes both.
    SECOND_MOMENTS,
    /// What the host gives a program for each execution.
    INPUT,
    /// A program's activations and outputs. Contents end with the execution.
    SCRATCH;

    public boolean isPersistent() {
        return this != INPUT && this != SCRATCH;
    }
}
