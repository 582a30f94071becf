package cglora.pipeline.spec;

/// Whether a head is fitted before the adapter is initialized.
public sealed interface HeadWarmup {
    /// When the head is new and the method uses gradients.
    record Auto() implements HeadWarmup {}

    record Off() implements HeadWarmup {}

    record On(HeadWarmupSpec options) implements HeadWarmup {}
}
