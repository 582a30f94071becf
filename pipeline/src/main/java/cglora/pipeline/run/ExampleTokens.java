package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Answering;
import cglora.models.data.Continuations;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.Rows;
import cglora.models.data.Sentences;
import cglora.models.data.WordTokens;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import java.util.List;

/// Makes tokens of the rows of a data stage.
///
/// @param spec      of the stage
/// @param answering makes the answers that a model writes; null where it writes none
record ExampleTokens(
        Examples examples,
        DataSpec spec,
        Tokenizer tokenizer,
        Answering answering,
        Problems warnings) {
    /// The tokens of one split.
    ///
    /// @throws CgloraException D-LENGTH where a row is too long and that is an error
    Dataset of(EvaluateSpec.Split name) {
        SplitRows split = examples.split(name);
        Labels labels = examples.labels();
        String source = split.source();
        Dataset data =
                answering instanceof ContinuedAnswers answers
                        ? continued(answers, split)
                        : labels.text()
                                ? texts(split)
                                : labels.tags()
                                        ? tagged(split)
                                        : Dataset.of(
                                                split.rows(),
                                                split.places(),
                                                tokenizer,
                                                labels,
                                                spec.maxLength(),
                                                source);
        int special = split.rows().specialTexts(split.places(), tokenizer);
        if (special > 0) {
            warnings.warning(
                    ErrorCode.T_SPECIAL,
                    source,
                    special + " rows hold the text of a special token, which becomes that token",
                    "as in transformers; change the text where it is meant as text");
        }
        return data.truncated() == 0 ? data : new Overflow(spec, split, warnings).applied(data);
    }

    /// What the model reads of each row, and the tokens that it is to write.
    private Dataset texts(SplitRows split) {
        Labels labels = examples.labels();
        labels.indices(split.rows(), split.places(), split.source());
        Continuations all = split.rows().continuations(split.places(), answering);
        long cut = all.cut();
        if (cut > 0) {
            warnings.warning(
                    ErrorCode.D_TRUNC,
                    split.source(),
                    "%d of %d targets exceed %d tokens and are cut"
                            .formatted(cut, all.size(), spec.maxTargetLength()),
                    "raise data.max_target_length");
        }
        return all.beside(spec.maxLength());
    }

    /// What the model reads of each row with the tokens that it is to write behind it.
    private Dataset continued(ContinuedAnswers answers, SplitRows split) {
        if (split.size() == 0) {
            return Dataset.continued(List.of());
        }
        examples.labels().indices(split.rows(), split.places(), split.source());
        return new Continued(answers, spec, warnings).of(split);
    }

    /// The tokens of words, and the tags that are asked for.
    private Dataset tagged(SplitRows split) {
        Rows rows = split.rows();
        Labels labels = examples.labels();
        List<int[]> tags = labels.ofWords(rows, split.places(), split.source());
        Sentences sentences = rows.sentences(split.places(), tokenizer, spec.maxLength());
        long none = 0;
        for (int i = 0; i < sentences.size(); i++) {
            WordTokens sentence = sentences.get(i);
            Tokenizer.Tokens tokens = sentence.tokens();
            boolean cut = tokens.fullLength() > tokens.inputIds().length;
            none += cut ? 0 : tags.get(i).length - sentence.count();
        }
        if (none > 0) {
            warnings.warning(
                    ErrorCode.D_TEXT,
                    split.source(),
                    "the tokenizer has no token for %d words: they are neither learnt nor counted"
                            .formatted(none),
                    "");
        }
        return WordTokens.dataset(
                sentences, tags, spec.labelAllTokens() ? labels.insideWords() : null);
    }
}
