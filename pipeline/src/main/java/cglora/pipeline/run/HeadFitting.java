package cglora.pipeline.run;

import cglora.models.data.Batcher;
import cglora.models.training.Evaluator;
import cglora.models.training.HeadWarmup;
import cglora.models.training.Session;
import cglora.pipeline.spec.HeadWarmupSpec;
import java.util.Optional;

/// Fits a new head on features of the base model.
final class HeadFitting {
    /// Tokens that a head is fitted on, at most.
    static final int MOST_TOKENS = 4096;

    private HeadFitting() {}

    /// Fits the head that the pipeline asks for and writes it to the session.
    ///
    /// @return empty where none is asked for; the session's head stays then
    static Optional<HeadWarmup.Head> fit(Inputs inputs, Session session, Samples samples) {
        Optional<HeadWarmupSpec> options = HeadChoice.fitted(inputs);
        if (options.isEmpty()) {
            return Optional.empty();
        }
        HeadWarmup warmup =
                options.get().l2().isAuto()
                        ? HeadWarmup.defaults()
                        : HeadWarmup.fixed(options.get().l2().orElse(0.1));
        warmup = warmup.asking(session::requireGoing);
        if (!session.classifier().head().biased()) {
            warmup = warmup.withoutBias();
        }
        HeadWarmup.Head head =
                inputs.tags()
                        ? ofTokens(inputs, session, samples, warmup)
                        : ofSequences(inputs, session, samples, warmup);
        session.writeHead(head);
        return Optional.of(head);
    }

    private static HeadWarmup.Head ofSequences(
            Inputs inputs, Session session, Samples samples, HeadWarmup warmup) {
        Batcher batcher = inputs.batcher(Inputs.EVALUATION_BATCH);
        float[][] features =
                session.evaluator()
                        .features(batcher.sequential(samples.head()), samples.head().size());
        float[][] other =
                session.evaluator()
                        .features(
                                batcher.sequential(samples.headHeldOut()),
                                samples.headHeldOut().size());
        return inputs.examples().labels().regression()
                ? warmup.regression(
                        features, samples.head().targets(), other, samples.headHeldOut().targets())
                : warmup.classification(
                        features,
                        samples.head().labels(),
                        session.classifier().outputs(),
                        other,
                        samples.headHeldOut().labels());
    }

    /// The same of the tokens of these examples, or of some of them: they are many.
    private static HeadWarmup.Head ofTokens(
            Inputs inputs, Session session, Samples samples, HeadWarmup warmup) {
        Batcher batcher = inputs.batcher(Inputs.EVALUATION_BATCH);
        long seed = inputs.spec().seed();
        Evaluator.TokenFeatures fitted =
                session.evaluator()
                        .tokenFeatures(batcher.sequential(samples.head()), MOST_TOKENS, seed);
        Evaluator.TokenFeatures other =
                session.evaluator()
                        .tokenFeatures(
                                batcher.sequential(samples.headHeldOut()), MOST_TOKENS / 4, seed);
        return warmup.classification(
                fitted.features(),
                fitted.labels(),
                session.classifier().outputs(),
                other.features(),
                other.labels());
    }
}
