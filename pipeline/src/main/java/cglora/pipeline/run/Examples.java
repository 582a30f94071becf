package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.data.Rows;
import cglora.models.data.Sentences;
import cglora.models.data.TextRows;
import cglora.models.data.WordTokens;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Truncation;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ModelSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The splits of a data stage, read and drawn.
///
/// @param train      never empty where the stage names training data
/// @param validation may be empty
/// @param test       may be empty
/// @param labels     the classes
record Examples(SplitRows train, SplitRows validation, SplitRows test, Labels labels)
        implements AutoCloseable {
    /// @param model    null where it is not known
    /// @param sources  reads the files
    /// @param expected the classes; null for those that the settings name, or the rows have
    /// @param problems is given the errors of all files, and warnings
    /// @return null where there were errors
    static Examples read(
            DataSpec spec,
            ModelSpec model,
            long seed,
            DataSources sources,
            Labels expected,
            Problems problems) {
        SplitRows train = sources.read(spec.train());
        SplitRows validation = sources.read(spec.validation());
        SplitRows test = sources.read(spec.test());
        try {
            if (!sources.failed()) {
                return of(spec, model, seed, train, validation, test, expected, problems);
            }
        } catch (CgloraException e) {
            problems.error(e);
        }
        Stream.of(train, validation, test).forEach(split -> split.rows().close());
        return null;
    }

    private static Examples of(
            DataSpec spec,
            ModelSpec model,
            long seed,
            SplitRows trainRows,
            SplitRows validationRows,
            SplitRows testRows,
            Labels expected,
            Problems warnings) {
        boolean regression =
                model != null && model.problemType() == ModelSpec.ProblemType.REGRESSION;
        boolean writes = model != null && model.task().writes();
        boolean tags = model != null && model.task().tags();
        Labels labels =
                expected != null
                        ? labels(spec, expected)
                        : regression
                                ? Labels.ofRegression()
                                : writes
                                        ? Labels.ofTexts(
                                                spec.labels() == null ? List.of() : spec.labels())
                                        : spec.labels() != null
                                                ? new Labels(spec.labels(), false)
                                                : found(trainRows, validationRows, testRows);
        labels = tags ? labels.asTags() : labels;
        if (regression) {
            requireDifference(trainRows);
        }
        boolean drop = spec.onBadRow() == DataSpec.OnBadRow.DROP;
        SplitRows train = drop ? known(trainRows, labels, warnings) : trainRows;
        SplitRows validation = drop ? known(validationRows, labels, warnings) : validationRows;
        SplitRows test = drop ? known(testRows, labels, warnings) : testRows;
        if (spec.isWordNet()) {
            return wordNet(spec, seed, train, labels);
        }
        test = test.drawn(spec.testExamples(), seed);
        if (spec.validation() == null && spec.validationSplit() != null) {
            List<SplitRows> parts =
                    Splitting.split(
                            train,
                            spec.validationSplit(),
                            regression || tags || writes && labels.names().isEmpty(),
                            seed);
            train = parts.get(0);
            validation = parts.get(1);
        }
        validation = validation.drawn(spec.validationExamples(), seed);
        train = train.drawn(spec.trainExamples(), seed);
        warnOverlap(train, validation, warnings);
        return new Examples(train, validation, test, labels);
    }

    /// The classes of the data stage before this one.
    private static Labels labels(DataSpec spec, Labels expected) {
        if (spec.labels() != null && !spec.labels().equals(expected.names())) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    spec.id() + ".labels",
                    "%s, the first data stage has %s".formatted(spec.labels(), expected.names()),
                    "a model has one list of classes: take \"labels\" out here");
        }
        return expected;
    }

    /// One source: the splits are cut from one shuffled list and never meet.
    private static Examples wordNet(DataSpec spec, long seed, SplitRows rows, Labels labels) {
        SplitRows all = rows.shuffled(rows.size(), seed);
        int forTest = spec.testExamples() == null ? 1000 : spec.testExamples();
        int forValidation = spec.validationExamples() == null ? 512 : spec.validationExamples();
        int forTrain = spec.trainExamples() == null ? 3200 : spec.trainExamples();
        if (forTest + forValidation + forTrain > all.size()) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY,
                    DataSpec.WORDNET_GLOSSES,
                    "%d examples asked for, there are %d"
                            .formatted(forTest + forValidation + forTrain, all.size()),
                    "ask for fewer");
        }
        int held = forTest + forValidation;
        return new Examples(
                all.range(held, held + forTrain),
                all.range(forTest, held),
                all.range(0, forTest),
                labels);
    }

    /// The classes of the first split that there is.
    private static Labels found(SplitRows... splits) {
        SplitRows first =
                Arrays.stream(splits).filter(s -> s.size() > 0).findFirst().orElse(splits[0]);
        return Labels.find(first.rows(), first.source());
    }

    /// @throws CgloraException D-LABEL where all targets of a regression are one number
    private static void requireDifference(SplitRows train) {
        int[] places = train.places();
        if (places.length == 0) {
            return;
        }
        float first = train.rows().target(places[0]);
        if (Arrays.stream(places).allMatch(row -> train.rows().target(row) == first)) {
            throw new CgloraException(
                    ErrorCode.D_LABEL,
                    train.source(),
                    "the only target is '" + first + "'",
                    "a regression needs targets that differ");
        }
    }

    /// The rows whose label is one of these.
    private static SplitRows known(SplitRows split, Labels labels, Problems warnings) {
        int[] known = labels.known(split.rows(), split.places());
        if (known.length == split.size()) {
            return split;
        }
        int at = 0;
        while (at < known.length && known[at] == split.places()[at]) {
            at++;
        }
        int first = split.places()[at];
        warnings.warning(
                ErrorCode.D_LABEL,
                split.rows().file(first).orElse(split.source()) + ":" + split.rows().line(first),
                "%d of %d rows have a label that is none of %s; dropped%s"
                        .formatted(
                                split.size() - known.length,
                                split.size(),
                                labels.regression()
                                        ? "the numbers"
                                        : String.join(", ", labels.names()),
                                labels.regression()
                                        ? ""
                                        : ", the first has '%s'"
                                                .formatted(labels.unknown(split.rows(), first))),
                "");
        if (known.length == 0) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY, split.source(), "no row can be used", "correct the labels");
        }
        return split.with(known);
    }

    private static void warnOverlap(SplitRows train, SplitRows validation, Problems warnings) {
        int both = Splitting.common(train, validation);
        if (both > 0) {
            warnings.warning(
                    ErrorCode.D_OVERLAP,
                    validation.source(),
                    both + " validation rows also occur in the training data",
                    "remove them: their metrics are too good");
        }
    }

    /// The same rows with other names of the classes.
    Examples withLabels(Labels other) {
        return new Examples(train, validation, test, other);
    }

    SplitRows split(EvaluateSpec.Split split) {
        return switch (split) {
            case TRAIN -> train;
            case VALIDATION -> validation;
            case TEST -> test;
        };
    }

    /// What the model reads of each row, and the tokens that it is to write.
    private Dataset texts(SplitRows split, DataSpec spec, Tokenizer tokenizer, Problems warnings) {
        labels.indices(split.rows(), split.places(), split.source());
        var rows = (TextRows) split.rows();
        List<RawExample> examples = Arrays.stream(split.places()).mapToObj(rows::example).toList();
        String template = spec.sourceTemplate();
        var read =
                examples.stream()
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
                examples.parallelStream()
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
                            .formatted(cut, examples.size(), spec.maxTargetLength()),
                    "raise data.max_target_length");
        }
        return data.answeredBy(answers.stream().map(Tokenizer.Tokens::inputIds).toList());
    }

    /// What the model reads of each row with the tokens that it is to write behind it.
    private Dataset continued(
            SplitRows split,
            DataSpec spec,
            Tokenizer tokenizer,
            Continued continues,
            Problems warnings) {
        if (split.size() == 0) {
            return Dataset.continued(List.of());
        }
        labels.indices(split.rows(), split.places(), split.source());
        var rows = (TextRows) split.rows();
        List<RawExample> examples = Arrays.stream(split.places()).mapToObj(rows::example).toList();
        return continues.tokens(examples, split, spec, labels, tokenizer, warnings);
    }

    /// The tokens of words, and the tags that are asked for.
    private Dataset tagged(SplitRows split, DataSpec spec, Tokenizer tokenizer, Problems warnings) {
        Rows rows = split.rows();
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

    /// Whether rows are conversations.
    boolean chats() {
        return Stream.of(train, validation, test)
                .anyMatch(
                        split ->
                                split.size() > 0
                                        && split.rows() instanceof TextRows rows
                                        && rows.example(split.places()[0]).conversation() != null);
    }

    /// The tokens of one split.
    ///
    /// @param continues where answers go on behind what is read; null where they do not
    /// @throws CgloraException D-LENGTH where a row is too long and that is an error
    Dataset tokenize(
            EvaluateSpec.Split name,
            DataSpec spec,
            Tokenizer tokenizer,
            Continued continues,
            Problems warnings) {
        SplitRows split = split(name);
        String source = split.source();
        Dataset data =
                continues != null
                        ? continued(split, spec, tokenizer, continues, warnings)
                        : labels.text()
                                ? texts(split, spec, tokenizer, warnings)
                                : labels.tags()
                                        ? tagged(split, spec, tokenizer, warnings)
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
        return data.truncated() == 0 ? data : cut(data, spec, split, warnings);
    }

    /// @throws CgloraException D-LENGTH where rows would have to be cut in a text that is to stay
    private static void requireCut(Dataset data, DataSpec spec, SplitRows split) {
        int[] uncut =
                IntStream.range(0, data.size())
                        .filter(i -> data.tokens().length(i) > spec.maxLength())
                        .toArray();
        if (uncut.length == 0) {
            return;
        }
        Rows rows = split.rows();
        int first = split.places()[uncut[0]];
        throw new CgloraException(
                ErrorCode.D_LENGTH,
                rows.file(first).orElse(split.source()) + ":" + rows.line(first),
                "%d of %d rows cannot be cut to %d tokens in their %s text alone; the first has %d"
                        .formatted(
                                uncut.length,
                                data.size(),
                                spec.maxLength(),
                                spec.truncation() == DataSpec.Cut.ONLY_FIRST ? "first" : "second",
                                data.tokens().fullLength(uncut[0])),
                "\"truncation\": \"longest_first\", a larger max_length, or \"overflow\":"
                        + " \"drop\"");
    }

    /// Where tokens go, in words; nothing for the ends of the longer texts.
    private static String place(DataSpec spec) {
        String text =
                switch (spec.truncation()) {
                    case LONGEST_FIRST -> "";
                    case ONLY_FIRST -> " in their first text";
                    case ONLY_SECOND -> " in their second text";
                };
        return spec.truncationSide() == DataSpec.CutSide.LEFT
                ? " at the beginning" + text.replace("in their", "of their")
                : text;
    }

    private static Dataset cut(Dataset data, DataSpec spec, SplitRows split, Problems warnings) {
        String source = split.source();
        String what =
                "%d of %d rows (%.1f%%) exceed %d tokens; %d would hold all"
                        .formatted(
                                data.truncated(),
                                data.size(),
                                100.0 * data.truncated() / data.size(),
                                spec.maxLength(),
                                data.longest());
        return switch (spec.overflow()) {
            case TRUNCATE -> {
                requireCut(data, spec, split);
                warnings.warning(
                        ErrorCode.D_TRUNC,
                        source,
                        what
                                + " and are cut%s: %.1f%% of all tokens"
                                        .formatted(place(spec), 100 * lost(data)),
                        "raise data.max_length");
                yield data;
            }
            case ERROR ->
                    throw new CgloraException(
                            ErrorCode.D_LENGTH,
                            source,
                            what,
                            "raise data.max_length, or \"overflow\": \"truncate\"");
            case DROP -> {
                int[] kept =
                        IntStream.range(0, data.size())
                                .filter(i -> data.tokens().fullLength(i) <= spec.maxLength())
                                .toArray();
                if (kept.length == 0) {
                    throw new CgloraException(
                            ErrorCode.D_LENGTH, source, what, "raise data.max_length");
                }
                warnings.warning(
                        ErrorCode.D_TRUNC,
                        source,
                        what + " and are left out",
                        "raise data.max_length");
                yield data.select(kept);
            }
        };
    }

    /// The share of all tokens that were cut.
    private static double lost(Dataset data) {
        long all = 0;
        long kept = 0;
        for (int i = 0; i < data.size(); i++) {
            all += data.tokens().fullLength(i);
            kept += data.tokens().length(i);
        }
        return (double) (all - kept) / all;
    }

    @Override
    public void close() {
        Stream.of(train, validation, test)
                .map(SplitRows::rows)
                .distinct()
                .forEach(rows -> rows.close());
    }
}
