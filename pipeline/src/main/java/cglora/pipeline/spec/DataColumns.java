package cglora.pipeline.spec;

/// Column names, or numbers from 0 where there is no header.
public record DataColumns(
        @Setting(
                        value = "Column of the text; null finds it",
                        byDefault = "null",
                        nullable = true,
                        examples = {"\"sentence\"", "\"0\""})
                String text,
        @Setting(
                        value = "Column of the second text of a pair; null: none, or found",
                        byDefault = "null",
                        nullable = true,
                        examples = {"\"hypothesis\"", "\"1\""})
                String textPair,
        @Setting(
                        value = "Column of the label; null finds it",
                        byDefault = "null",
                        nullable = true,
                        examples = {"\"label\"", "\"2\""})
                String label,
        @Setting(
                        value =
                                "Column of the text that the model is to write (tasks that write);"
                                        + " null finds it, or takes the label's",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"answer\"")
                String target,
        @Setting(
                        value =
                                "Column of conversations, lists of {role, content} (task"
                                        + " CAUSAL_LM); null takes 'messages' where no other column is"
                                        + " named",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"messages\"")
                String messages,
        @Setting(
                        value =
                                "Column of lists of words (task TOKEN_CLS), a number in CoNLL"
                                        + " files; null finds it",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"tokens\"")
                String tokens,
        @Setting(
                        value =
                                "Column of the words' tags, names or numbers (task TOKEN_CLS);"
                                        + " null finds it, of CoNLL files the last one",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"ner_tags\"")
                String tags) {}
