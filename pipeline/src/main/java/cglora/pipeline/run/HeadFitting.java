package cglora.pipeline.run;

import cglora.models.data.Batcher;
import cglora.models.training.HeadWarmup;
import cglora.models.training.Session;
import cglora.pipeline.spec.HeadWarmupSpec;
import java.util.Optional;

/// Fits a new head on features of the base model.
final class HeadFitting {
    private HeadFitting() {}

    /// Fits the head that the pipeline asks for and writes it to the session.
    ///
    /// @return empty where none is asked for; the session's head stays then
    static Optional<HeadWarmup.Head> fit(Inputs inputs, Session session, Samples samples) {
        Optional<HeadWarmupSpec> options = inputs.headOptions();
        if (options.isEmpty()) {
            return Optional.empty();
        }
        Batcher batcher = inputs.batcher(Inputs.EVALUATION_BATCH);
        float[][] features =
                session.features(batcher.sequential(samples.head()), samples.head().size());
        float[][] other =
                session.features(
                        batcher.sequential(samples.headHeldOut()), samples.headHeldOut().size());
        HeadWarmup warmup =
                options.get().l2().isAuto()
                        ? HeadWarmup.defaults()
                        : HeadWarmup.fixed(options.get().l2().orElse(0.1));
        warmup = warmup.asking(session::requireGoing);
        if (!session.model().head().biased()) {
            warmup = warmup.withoutBias();
        }
        HeadWarmup.Head head =
                inputs.examples().labels().regression()
                        ? warmup.regression(
                                features,
                                samples.head().targets(),
                                other,
                                samples.headHeldOut().targets())
                        : warmup.classification(
                                features,
                                samples.head().labels(),
                                session.model().outputs(),
                                other,
                                samples.headHeldOut().labels());
        session.writeHead(head);
        return Optional.of(head);
    }
}
