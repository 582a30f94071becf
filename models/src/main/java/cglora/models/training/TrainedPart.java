package cglora.models.training;

/// Which parameters a training changes.
public enum TrainedPart {
    /// Adapters, or the body's own weights where there are none, and the head.
    ALL,
    /// The head alone; no gradient goes further down.
    HEAD,
    /// The adapters, or the body's own weights, but not the head.
    BODY
}
