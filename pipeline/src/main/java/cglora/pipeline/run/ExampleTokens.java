package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.data.TextRows;
import cglora.models.data.WordTokens;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Truncation;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import java.util.Arrays;
import java.util.List;

/// Makes tokens of the rows of a data stage.
///
/// @param spec      of the stage
/// @param continues where answers go on behind what is read; null where they do not
record ExampleTokens(
        Examples examples,
        DataSpec spec,
        Tokenizer tokenizer,
        Continued continues,
        Problems warnings) {
    /// The tokens of one split.
    ///
    /// @throws CgloraException D-LENGTH where a row is too long and that is an error
    Dataset of(EvaluateSpec.Split name) {
        SplitRows split = examples.split(name);
        Labels labels = examples.labels();
        String source = split.source();
        Dataset data =
                continues != null
                        ? continued(split)
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
        List<RawExample> rows = rows(split);
        String template = spec.sourceTemplate();
        var read =
                rows.stream()
                        .map(
                                e ->
                                        new RawExample(
                                                DataSpec.source(template, e.text(), e.textPair()),
                                                template == null ? e.textPair() : null,
                                                e.label(),
                                                e.line()))
                        .toList();
        Dataset data = Dataset.of(read, tokenizer, null, spec.maxLength(), split.source());
        Tokenizer answering = tokenizer.cutting(Truncation.DEFAULT);
        List<Tokenizer.Tokens> answers =
                rows.parallelStream()
                        .map(
                                e ->
                                        answering.encode(
                                                labels.written(e.label()),
                                                null,
                                                spec.maxTargetLength()))
                        .toList();
        long cut = answers.stream().filter(t -> t.fullLength() > spec.maxTargetLength()).count();
        if (cut > 0) {
            warnings.warning(
                    ErrorCode.D_TRUNC,
                    split.source(),
                    "%d of %d targets exceed %d tokens and are cut"
                            .formatted(cut, rows.size(), spec.maxTargetLength()),
                    "raise data.max_target_length");
        }
        return data.answeredBy(answers.stream().map(Tokenizer.Tokens::inputIds).toList());
    }

    /// What the model reads of each row with the tokens that it is to write behind it.
    private Dataset continued(SplitRows split) {
        if (split.size() == 0) {
            return Dataset.continued(List.of());
        }
        Labels labels = examples.labels();
        labels.indices(split.rows(), split.places(), split.source());
        return continues.tokens(rows(split), split, spec, labels, tokenizer, warnings);
    }

    /// The tokens of words, and the tags that are asked for.
    private Dataset tagged(SplitRows split) {
        var rows = (TextRows) split.rows();
        List<int[]> tags = examples.labels().ofWords(rows, split.places(), split.source());
        List<WordTokens> sentences = rows.wordTokens(split.places(), tokenizer, spec.maxLength());
        long none = 0;
        for (int i = 0; i < sentences.size(); i++) {
            Tokenizer.Tokens tokens = sentences.get(i).tokens();
            boolean cut = tokens.fullLength() > tokens.inputIds().length;
            none += cut ? 0 : tags.get(i).length - sentences.get(i).count();
        }
        if (none > 0) {
            warnings.warning(
                    ErrorCode.D_TEXT,
                    split.source(),
                    "the tokenizer has no token for %d words: they are neither learnt nor counted"
                            .formatted(none),
                    "");
        }
        return WordTokens.dataset(sentences, tags);
    }

    private static List<RawExample> rows(SplitRows split) {
        var rows = (TextRows) split.rows();
        return Arrays.stream(split.places()).mapToObj(rows::example).toList();
    }
}
