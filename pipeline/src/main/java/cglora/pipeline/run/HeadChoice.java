package cglora.pipeline.run;

import cglora.models.block.Encoder;
import cglora.models.training.HeadStart;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AutoOr;
import cglora.pipeline.spec.HeadWarmup;
import cglora.pipeline.spec.HeadWarmupSpec;
import cglora.pipeline.spec.ModelSpec;
import java.util.Optional;

/// What a run's head begins with: that of the checkpoint or of an earlier run, a new one as drawn,
/// or a new one that is fitted first.
final class HeadChoice {
    private HeadChoice() {}

    /// Whether the checkpoint brings a head that is to be kept, or writes with its body alone.
    static boolean isTrained(Inputs inputs) {
        return inputs.writes()
                || inputs.modelSpec().head() == ModelSpec.Head.AUTO
                        && inputs.checkpoint().body() instanceof Encoder
                        && inputs.head().isThere();
    }

    /// What the head is before anything is fitted.
    static HeadStart start(Inputs inputs) {
        return new HeadStart(isTrained(inputs), inputs.spec().seed());
    }

    /// The head that is fitted; empty where none is, or an earlier run's is taken.
    static Optional<HeadWarmupSpec> fitted(Inputs inputs) {
        return inputs.earlierStatistics().isPresent() || inputs.earlierStart().isPresent()
                ? Optional.empty()
                : wanted(inputs);
    }

    /// The same, whoever fits it: its examples are seen by nothing else.
    static Optional<HeadWarmupSpec> wanted(Inputs inputs) {
        AdapterSpec adapter = inputs.adapterSpec();
        if (adapter == null || adapter.from() != null || inputs.writes()) {
            return Optional.empty();
        }
        return switch (adapter.headWarmup()) {
            case HeadWarmup.Auto _ when isTrained(inputs) -> Optional.empty();
            case HeadWarmup.Auto _ -> Optional.of(new HeadWarmupSpec(512, new AutoOr.Auto<>()));
            case HeadWarmup.Off _ -> Optional.empty();
            case HeadWarmup.On(HeadWarmupSpec options) -> Optional.of(options);
        };
    }
}
