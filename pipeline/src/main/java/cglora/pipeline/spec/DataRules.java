package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_CONFLICT;
import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.kernels.error.Suggestion;
import cglora.models.tokenizer.Truncation;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.util.List;

/// What must hold between the settings of a data stage, and between it and the model.
final class DataRules {
    private DataRules() {}

    static void check(DataSpec stage, StagesBefore before, StageProblems here) {
        if (here.isSure("format") && !isCharset(stage.format().encoding())) {
            String near =
                    Suggestion.nearest(
                            stage.format().encoding(), Charset.availableCharsets().keySet());
            here.error(
                    P_VALUE,
                    "format",
                    "no character set is called \"" + stage.format().encoding() + '"',
                    near.isEmpty()
                            ? "UTF-8, ISO-8859-1, windows-1252, UTF-16 or another that Java knows"
                            : "did you mean " + near + "?");
        }
        checkColumns(stage, before, here);
        if (here.isSure("train", "validation", "test")
                && stage.train() == null
                && stage.validation() == null
                && stage.test() == null) {
            here.errorOfStage(
                    P_VALUE,
                    "none of train, validation and test is given",
                    "add \"train\": a file, or \"" + DataSpec.WORDNET_GLOSSES + "\"");
        }
        if (stage.validation() != null && stage.validationSplit() != null) {
            here.conflict("validation_split", "validation", "keep one of them");
        }
        if (here.isSure("train") && stage.validationSplit() != null && stage.train() == null) {
            here.error(
                    O_CONFLICT,
                    "validation_split",
                    "validation_split takes a share of train, which is not given",
                    "add \"train\"");
        }
        if (stage.labels() != null
                && before.model() != null
                && before.model().problemType() == ModelSpec.ProblemType.REGRESSION) {
            here.error(
                    O_CONFLICT,
                    "labels",
                    "a regression has no label names",
                    "take \"labels\" out, or set problem_type");
        }
        if (before.model() != null
                && before.model().task() == ModelSpec.Task.CAUSAL_LM
                && here.isSure("truncation", "truncation_side")
                && !stage.cutting().equals(Truncation.DEFAULT)) {
            here.error(
                    O_CONFLICT,
                    here.isGiven("truncation") ? "truncation" : "truncation_side",
                    "of a prompt that is too long task CAUSAL_LM always takes the beginning off",
                    "take it out");
        }
        if (stage.packing() && before.isOtherTask(ModelSpec.Task.CAUSAL_LM)) {
            here.error(
                    O_CONFLICT,
                    "packing",
                    "packing is for task CAUSAL_LM, the task is "
                            + before.model().task().jsonName(),
                    "take it out");
        }
        if (stage.labelAllTokens() && before.isOtherTask(ModelSpec.Task.TOKEN_CLS)) {
            here.error(
                    O_CONFLICT,
                    "label_all_tokens",
                    "label_all_tokens is for task TOKEN_CLS, the task is "
                            + before.model().task().jsonName(),
                    "take it out");
        }
        if (here.isSure("max_length")
                && stage.buckets() instanceof AutoOr.Given<List<Integer>>(List<Integer> buckets)) {
            boolean ascending = buckets.equals(buckets.stream().sorted().toList());
            int last = buckets.stream().max(Integer::compare).orElse(0);
            if (!ascending || last < stage.maxLength()) {
                here.error(
                        O_CONFLICT,
                        "buckets",
                        ascending
                                ? "the largest bucket is "
                                        + last
                                        + ", but max_length is "
                                        + stage.maxLength()
                                : "the buckets " + buckets + " do not ascend",
                        ascending
                                ? "add " + stage.maxLength() + ", or lower max_length"
                                : "sort them");
            }
        }
    }

    private static boolean isCharset(String name) {
        try {
            return Charset.isSupported(name);
        } catch (IllegalCharsetNameException _) {
            return false;
        }
    }

    /// Only a language model reads conversations, and only one that tags words reads words.
    private static void checkColumns(DataSpec stage, StagesBefore before, StageProblems here) {
        DataColumns columns = stage.columns();
        boolean words = columns.tokens() != null || columns.tags() != null;
        boolean texts =
                columns.text() != null || columns.textPair() != null || columns.label() != null;
        if (before.model() != null && (before.tags() ? texts : words)) {
            here.error(
                    O_CONFLICT,
                    "columns",
                    "%s, the task is %s"
                            .formatted(
                                    before.tags()
                                            ? "columns.text, text_pair and label are for texts"
                                            : "columns.tokens and tags are for task TOKEN_CLS",
                                    before.model().task().jsonName()),
                    before.tags() ? "columns.tokens and columns.tags" : "take it out");
        }
        if (before.tags() && (stage.isWordNet() || stage.sourceTemplate() != null)) {
            boolean template = stage.sourceTemplate() != null;
            here.error(
                    O_CONFLICT,
                    template ? "source_template" : "train",
                    (template ? "source_template" : DataSpec.WORDNET_GLOSSES)
                            + " is of texts, task TOKEN_CLS takes words with tags",
                    template ? "take it out" : "give a JSONL, Parquet or CoNLL file");
        }
        boolean asked = stage.columns().messages() != null;
        if (asked && before.isOtherTask(ModelSpec.Task.CAUSAL_LM)) {
            here.error(
                    O_CONFLICT,
                    "columns",
                    "columns.messages is for task CAUSAL_LM, the task is "
                            + before.model().task().jsonName(),
                    "take it out");
        }
    }
}
