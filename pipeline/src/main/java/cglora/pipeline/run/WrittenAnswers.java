package cglora.pipeline.run;

import cglora.models.data.Answering;
import cglora.models.data.Continuation;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.tokenizer.Truncation;
import cglora.pipeline.spec.DataSpec;
import java.util.List;

/// What an encoder and decoder read of a row, and the text that they are to write.
///
/// @param labels what labels stand for
record WrittenAnswers(DataSpec spec, Labels labels, Tokenizer tokenizer) implements Answering {
    @Override
    public Continuation of(RawExample example, String where) {
        String template = spec.sourceTemplate();
        Tokens read =
                tokenizer.encode(
                        DataSpec.source(template, example.text(), example.textPair()),
                        template == null ? example.textPair() : null,
                        spec.maxLength());
        Tokens answer =
                tokenizer
                        .cutting(Truncation.DEFAULT)
                        .encode(labels.written(example.label()), null, spec.maxTargetLength());
        return new Continuation(
                read, answer.inputIds(), answer.fullLength() > spec.maxTargetLength());
    }

    @Override
    public boolean keepsLabels() {
        return !labels.names().isEmpty();
    }

    @Override
    public String identity() {
        return identity("written", spec, labels);
    }

    static String identity(String kind, DataSpec spec, Labels labels) {
        return String.valueOf(
                List.of(
                        kind,
                        spec.maxTargetLength(),
                        String.valueOf(spec.sourceTemplate()),
                        String.join("\n", labels.names())));
    }
}
