package cglora.pipeline.spec;

/// When a training is interrupted for an evaluation.
public sealed interface EvalSteps {
    /// At the end of every epoch.
    record Epoch() implements EvalSteps {}

    /// After every so many optimizer steps.
    record Every(int steps) implements EvalSteps {}
}
