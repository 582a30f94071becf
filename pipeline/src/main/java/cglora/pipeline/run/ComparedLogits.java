package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.data.TokenSample;
import cglora.models.training.Session;
import java.util.List;
import java.util.Locale;

/// What alignment compares models by: the logits of all examples; of a model that writes or tags,
/// those of a sample of the tokens that count in its loss, the same of every model, each given the
/// true tokens in front of it.
///
/// Why a sample: sums over all tokens need the logits of `f₀`, reference and adapted model at the
/// same time, as a vocabulary's of all tokens are too many to be kept. That is three models on the
/// engine for as long as a training lasts, whose own weights are those of `f₀` no longer. With a
/// sample there is one model beside the session, while it predicts, and two times tokens × outputs
/// floats are kept, however many examples and adapters there are; only the sample's examples are
/// computed. All numbers are exact for these tokens, and compare models and steps on the same ones.
/// As estimates for all tokens they have the error of a sample: an agreement of 0.9 on 256 tokens
/// that of ±0.02. A sample as large as the data is all of it.
///
/// @param data   the examples
/// @param sample of their tokens; null where an example has one class or number
record ComparedLogits(Dataset data, TokenSample sample) {
    /// @param tokens of the sample, at most
    /// @throws CgloraException D-EMPTY where no token counts in the loss
    static ComparedLogits of(Inputs inputs, Dataset data, int tokens) {
        if (!inputs.isOfTokens()) {
            return new ComparedLogits(data, null);
        }
        var sample = TokenSample.draw(data, tokens, inputs.spec().seed());
        if (sample.size() == 0) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY,
                    "align",
                    "no token of its examples counts in the loss",
                    "take another split");
        }
        return new ComparedLogits(data, sample);
    }

    boolean isOfTokens() {
        return sample != null;
    }

    /// How many predictions are compared.
    int size() {
        return isOfTokens() ? sample.size() : data.size();
    }

    /// The batches of the examples that are computed.
    List<Batch> batches(Inputs inputs) {
        return inputs.batches(isOfTokens() ? sample.examples() : data);
    }

    /// What a session's model predicts.
    ///
    /// @return [predictions][outputs]
    /// @throws cglora.models.training.StoppedException when somebody asked to stop
    float[][] of(Inputs inputs, Session session) {
        return isOfTokens()
                ? session.evaluator().logits(sample, batches(inputs))
                : session.evaluator().evaluate(batches(inputs), data.size()).logits();
    }

    /// `512 examples`, or `512 examples, 256 of 4,096 tokens`.
    String describe() {
        String examples = data.size() + " examples";
        return isOfTokens()
                ? examples
                        + String.format(
                                Locale.ROOT, ", %,d of %,d tokens", sample.size(), sample.of())
                : examples;
    }
}
