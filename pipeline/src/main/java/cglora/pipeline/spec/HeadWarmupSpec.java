package cglora.pipeline.spec;

/// Options of the fit of a new head.
public record HeadWarmupSpec(
        @Setting(value = "Training examples for the fit", byDefault = "512", min = 1) int examples,
        @Setting(
                        value = "Weight of the squared norm; auto chooses it on held-out examples",
                        byDefault = "\"auto\"",
                        min = 0)
                AutoOr<Double> l2) {}
