package cglora.pipeline.spec;

import cglora.models.tokenizer.Truncation;
import java.util.List;

/// Where examples come from and how they become batches.
public record DataSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when a"
                                        + " data stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value =
                                "Training examples: a file, a pattern such as part-*.jsonl, a list"
                                        + " of them, or wordnet-glosses",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        builtIn = {DataSpec.WORDNET_GLOSSES},
                        examples = {
                            "\"train.tsv\"",
                            "[\"2024.csv.gz\", \"parts/**.csv\"]",
                            "\"wordnet-glosses\""
                        })
                DataFiles train,
        @Setting(
                        value = "Validation examples, likewise",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        builtIn = {DataSpec.WORDNET_GLOSSES},
                        examples = "\"dev.tsv\"")
                DataFiles validation,
        @Setting(
                        value = "Test examples, likewise",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        builtIn = {DataSpec.WORDNET_GLOSSES},
                        examples = "\"test.tsv\"")
                DataFiles test,
        @Setting(
                        value = "Share of the training examples held out, stratified by label",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        max = 1,
                        aboveMin = true,
                        belowMax = true,
                        examples = "0.1")
                Double validationSplit,
        @Setting(
                        value = "Draw this many training examples with the seed; null takes all",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "3200")
                Integer trainExamples,
        @Setting(
                        value = "Draw this many validation examples with the seed; null takes all",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "512")
                Integer validationExamples,
        @Setting(
                        value = "Draw this many test examples with the seed; null takes all",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "1000")
                Integer testExamples,
        @Setting(value = "How the files are written", byDefault = "{}") DataFormat format,
        @Setting(value = "Which columns hold text and label", byDefault = "{}") DataColumns columns,
        @Setting(
                        value =
                                "Label names in the order of their numbers; null takes the sorted"
                                        + " labels found",
                        byDefault = "null",
                        nullable = true,
                        examples = "[\"negative\", \"positive\"]")
                List<String> labels,
        @Setting(
                        value = "Most tokens of one example",
                        byDefault = "128",
                        min = 3,
                        also = "cutoff_len",
                        examples = "64")
                int maxLength,
        @Setting(
                        value =
                                "What the model reads of an example (tasks that write), with {text}"
                                        + " and {text_pair}; null takes the texts as they are",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"sst2 sentence: {text}\"")
                String sourceTemplate,
        @Setting(
                        value = "Most tokens of a text that the model is to write",
                        byDefault = "64",
                        min = 2,
                        examples = "16")
                int maxTargetLength,
        @Setting(
                        value =
                                "Whether several training examples share a row of max_length tokens"
                                        + " (task CAUSAL_LM), each with the result of a row of its"
                                        + " own; per_device_batch_size counts rows",
                        byDefault = "false")
                boolean packing,
        @Setting(value = "What becomes of longer examples", byDefault = "\"truncate\"")
                Overflow overflow,
        @Setting(
                        value =
                                "Which text of a pair is cut: the longer one, token by token, or"
                                        + " only one of them; a text alone always is",
                        byDefault = "\"longest_first\"")
                Cut truncation,
        @Setting(
                        value = "Where texts are cut: at their end or their beginning",
                        byDefault = "\"right\"")
                CutSide truncationSide,
        @Setting(
                        value = "Padded lengths that batches are made for, ascending",
                        byDefault = "\"auto\"",
                        min = 1,
                        examples = "[32, 64, 128]")
                AutoOr<List<Integer>> buckets,
        @Setting(value = "What becomes of rows that cannot be used", byDefault = "\"error\"")
                OnBadRow onBadRow,
        @Setting(
                        value = "Where tokens of data that are too large for memory are kept",
                        byDefault = "{}")
                CacheSpec cache)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "data";

    public DataSpec {
        id = id == null ? STAGE : id;
    }

    @Override
    public String stage() {
        return STAGE;
    }

    /// The built-in source: glosses of WordNet, labelled by part of speech.
    public static final String WORDNET_GLOSSES = "wordnet-glosses";

    /// What the model reads of an example: the template with its texts, or the text.
    ///
    /// @param template null for none
    /// @param textPair null for none
    public static String source(String template, String text, String textPair) {
        return template == null
                ? text
                : template.replace("{text_pair}", textPair == null ? "" : textPair)
                        .replace("{text}", text);
    }

    /// How texts that are too long are cut.
    public Truncation cutting() {
        return Truncation.of(truncation.jsonName(), truncationSide.jsonName());
    }

    /// Whether there is something to validate on.
    public boolean hasValidation() {
        return validation != null || validationSplit != null;
    }

    /// Whether training examples are the built-in source.
    public boolean isWordNet() {
        return train != null && train.is(WORDNET_GLOSSES);
    }

    /// What becomes of examples that are too long.
    public enum Overflow implements Named {
        TRUNCATE("truncate"),
        DROP("drop"),
        ERROR("error");

        private final String jsonName;

        Overflow(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Which text of a pair is cut.
    public enum Cut implements Named {
        LONGEST_FIRST("longest_first"),
        ONLY_FIRST("only_first"),
        ONLY_SECOND("only_second");

        private final String jsonName;

        Cut(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Where texts are cut.
    public enum CutSide implements Named {
        RIGHT("right"),
        LEFT("left");

        private final String jsonName;

        CutSide(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// What becomes of rows that cannot be used.
    public enum OnBadRow implements Named {
        ERROR("error"),
        DROP("drop");

        private final String jsonName;

        OnBadRow(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
