package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Batcher;
import cglora.models.data.Continuation;
import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.data.WordNetGlosses;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The splits of a data stage, read and drawn; text, not yet tokens.
///
/// @param train      never empty where the stage names training data
/// @param validation may be empty
/// @param test       may be empty
/// @param labels     the classes
/// @param sources    where each split came from, by its name
record Examples(
        List<RawExample> train,
        List<RawExample> validation,
        List<RawExample> test,
        Labels labels,
        Map<String, String> sources) {

    /// @param problems is given the errors of all files, and warnings
    /// @return null where there were errors
    static Examples read(DataSpec spec, ModelSpec model, long seed, Problems problems) {
        var all = new Reading(spec, model, problems);
        List<RawExample> train = all.read(spec.train());
        List<RawExample> validation = all.read(spec.validation());
        List<RawExample> test = all.read(spec.test());
        if (all.failed) {
            return null;
        }
        try {
            return of(spec, model, seed, train, validation, test, problems);
        } catch (CgloraException e) {
            problems.error(e);
            return null;
        }
    }

    /// Reads one file after the other and goes on where one is wrong.
    private static final class Reading {
        private final DataSpec spec;
        private final ModelSpec model;
        private final Problems problems;
        private boolean failed;

        Reading(DataSpec spec, ModelSpec model, Problems problems) {
            this.spec = spec;
            this.model = model;
            this.problems = problems;
        }

        /// @param source null for none
        List<RawExample> read(String source) {
            if (source == null) {
                return List.of();
            }
            try {
                return Examples.read(spec, model, source, problems);
            } catch (CgloraException e) {
                problems.error(e);
                failed = true;
                return List.of();
            }
        }
    }

    private static Examples of(
            DataSpec spec,
            ModelSpec model,
            long seed,
            List<RawExample> trainRows,
            List<RawExample> validationRows,
            List<RawExample> testRows,
            Problems warnings) {
        boolean regression = model.problemType() == ModelSpec.ProblemType.REGRESSION;
        var wordNet = DataSpec.WORDNET_GLOSSES;
        boolean writes = model.task().writes();
        Labels labels =
                regression
                        ? Labels.ofRegression()
                        : writes
                                ? Labels.ofTexts(spec.labels() == null ? List.of() : spec.labels())
                                : spec.labels() != null
                                        ? new Labels(spec.labels(), false)
                                        : Labels.find(trainRows, spec.train());
        if (regression
                && !trainRows.isEmpty()
                && trainRows.stream().map(RawExample::label).distinct().count() == 1) {
            throw new CgloraException(
                    ErrorCode.D_LABEL,
                    spec.train(),
                    "the only target is '" + trainRows.getFirst().label() + "'",
                    "a regression needs targets that differ");
        }
        boolean drop = spec.onBadRow() == DataSpec.OnBadRow.DROP;
        List<RawExample> train =
                drop ? known(trainRows, labels, spec.train(), warnings) : trainRows;
        List<RawExample> validation =
                drop ? known(validationRows, labels, spec.validation(), warnings) : validationRows;
        List<RawExample> test = drop ? known(testRows, labels, spec.test(), warnings) : testRows;
        if (wordNet.equals(spec.train())) {
            // one source: the splits are cut from one shuffled list and never meet
            List<RawExample> all = pick(train, train.size(), seed);
            int forTest = spec.testExamples() == null ? 1000 : spec.testExamples();
            int forValidation = spec.validationExamples() == null ? 512 : spec.validationExamples();
            int forTrain = spec.trainExamples() == null ? 3200 : spec.trainExamples();
            if (forTest + forValidation + forTrain > all.size()) {
                throw new CgloraException(
                        ErrorCode.D_EMPTY,
                        wordNet,
                        "%d examples asked for, there are %d"
                                .formatted(forTest + forValidation + forTrain, all.size()),
                        "ask for fewer");
            }
            test = all.subList(0, forTest);
            validation = all.subList(forTest, forTest + forValidation);
            train = all.subList(forTest + forValidation, forTest + forValidation + forTrain);
        } else {
            validation = drawn(validation, spec.validationExamples(), seed);
            test = drawn(test, spec.testExamples(), seed);
            if (spec.validation() == null && spec.validationSplit() != null) {
                List<List<RawExample>> parts =
                        split(
                                train,
                                spec.validationSplit(),
                                regression || writes && labels.names().isEmpty(),
                                seed);
                train = parts.get(0);
                validation = drawn(parts.get(1), spec.validationExamples(), seed);
            }
            train = drawn(train, spec.trainExamples(), seed);
        }
        var sources = new HashMap<String, String>();
        sources.put("train", String.valueOf(spec.train()));
        sources.put(
                "validation",
                spec.validation() == null ? String.valueOf(spec.train()) : spec.validation());
        sources.put("test", spec.test() == null ? String.valueOf(spec.train()) : spec.test());
        warnOverlap(train, validation, sources.get("validation"), warnings);
        return new Examples(train, validation, test, labels, sources);
    }

    /// The rows whose label is one of these.
    private static List<RawExample> known(
            List<RawExample> rows, Labels labels, String source, Problems warnings) {
        List<RawExample> known = rows.stream().filter(e -> labels.contains(e.label())).toList();
        if (known.size() < rows.size()) {
            RawExample first =
                    rows.stream()
                            .filter(e -> !labels.contains(e.label()))
                            .findFirst()
                            .orElseThrow();
            warnings.warning(
                    ErrorCode.D_LABEL,
                    source + ":" + first.line(),
                    "%d of %d rows have a label that is none of %s; dropped, the first has '%s'"
                            .formatted(
                                    rows.size() - known.size(),
                                    rows.size(),
                                    labels.regression()
                                            ? "the numbers"
                                            : String.join(", ", labels.names()),
                                    first.label()),
                    "");
            if (known.isEmpty()) {
                throw new CgloraException(
                        ErrorCode.D_EMPTY, source, "no row can be used", "correct the labels");
            }
        }
        return known;
    }

    private static List<RawExample> read(
            DataSpec spec, ModelSpec model, String source, Problems dropped) {
        if (source.equals(DataSpec.WORDNET_GLOSSES)) {
            try (InputStream stream =
                    Examples.class.getResourceAsStream("/" + WordNetGlosses.RESOURCE)) {
                return WordNetGlosses.read(stream);
            } catch (IOException e) {
                throw new CgloraException(
                        ErrorCode.D_MISSING, source, e.getMessage(), "build again", e);
            }
        }
        var format =
                new DataFormat(
                        spec.format().type().jsonName(),
                        spec.format().header(),
                        spec.format().quote() == null ? null : spec.format().quote().jsonName(),
                        spec.format().encoding());
        var columns =
                new DataColumns(
                        spec.columns().text(),
                        spec.columns().textPair(),
                        spec.columns().label(),
                        spec.columns().target());
        Path file = Path.of(source);
        if (model.task().writes()) {
            boolean drops = spec.onBadRow() == DataSpec.OnBadRow.DROP;
            return DataReader.readTexts(file, format, columns, true, drops ? dropped : null);
        }
        return spec.onBadRow() == DataSpec.OnBadRow.DROP
                ? DataReader.readUsable(file, format, columns, true, dropped)
                : DataReader.read(file, format, columns, true);
    }

    private static List<RawExample> drawn(List<RawExample> all, Integer count, long seed) {
        return count == null || count >= all.size() ? all : pick(all, count, seed);
    }

    private static List<RawExample> pick(List<RawExample> all, int count, long seed) {
        var picked = new ArrayList<RawExample>(count);
        for (int place : Batcher.draw(all.size(), count, seed)) {
            picked.add(all.get(place));
        }
        return picked;
    }

    /// Training and validation part; the share is held for every class, or where these are `mixed`
    /// for all together. Rows of the same text stay
    /// together, so that no validation row is trained on.
    private static List<List<RawExample>> split(
            List<RawExample> all, double share, boolean mixed, long seed) {
        var strata = new TreeMap<String, List<RawExample>>();
        for (RawExample example : pick(all, all.size(), seed)) {
            strata.computeIfAbsent(mixed ? "" : example.label(), _ -> new ArrayList<>())
                    .add(example);
        }
        var held = new HashSet<String>();
        for (List<RawExample> stratum : strata.values()) {
            stratum.stream()
                    .limit(Math.round(share * stratum.size()))
                    .map(Examples::text)
                    .forEach(held::add);
        }
        Map<Boolean, List<RawExample>> parts =
                all.stream().collect(Collectors.partitioningBy(e -> held.contains(text(e))));
        return List.of(parts.get(false), parts.get(true));
    }

    /// What makes two rows the same to a model.
    private static String text(RawExample example) {
        return example.text() + '\0' + example.textPair();
    }

    private static void warnOverlap(
            List<RawExample> train, List<RawExample> validation, String source, Problems warnings) {
        var seen = new HashSet<String>();
        train.forEach(e -> seen.add(text(e)));
        long both = validation.stream().filter(e -> seen.contains(text(e))).count();
        if (both > 0) {
            warnings.warning(
                    ErrorCode.D_OVERLAP,
                    source,
                    both + " validation rows also occur in the training data",
                    "remove them: their metrics are too good");
        }
    }

    /// The same rows with other names of the classes.
    Examples withLabels(Labels other) {
        return new Examples(train, validation, test, other, sources);
    }

    /// What the model reads of each row, and the tokens that it is to write.
    private Dataset texts(
            List<RawExample> rows,
            DataSpec spec,
            Tokenizer tokenizer,
            String source,
            Problems warnings) {
        labels.indices(rows, source);
        var read =
                rows.stream()
                        .map(
                                e ->
                                        new RawExample(
                                                DataSpec.source(
                                                        spec.sourceTemplate(),
                                                        e.text(),
                                                        e.textPair()),
                                                spec.sourceTemplate() == null ? e.textPair() : null,
                                                e.label(),
                                                e.line()))
                        .toList();
        Dataset data = Dataset.of(read, tokenizer, null, spec.maxLength(), source);
        List<Tokenizer.Tokens> answers =
                rows.parallelStream()
                        .map(
                                e ->
                                        tokenizer.encode(
                                                labels.written(e.label()),
                                                null,
                                                spec.maxTargetLength()))
                        .toList();
        long cut = answers.stream().filter(t -> t.fullLength() > spec.maxTargetLength()).count();
        if (cut > 0) {
            warnings.warning(
                    ErrorCode.D_TRUNC,
                    source,
                    "%d of %d targets exceed %d tokens and are cut"
                            .formatted(cut, rows.size(), spec.maxTargetLength()),
                    "raise data.max_target_length");
        }
        return data.answeredBy(answers.stream().map(Tokenizer.Tokens::inputIds).toList());
    }

    /// What the model reads of each row with the tokens that it is to write behind it.
    private Dataset continued(
            List<RawExample> rows,
            DataSpec spec,
            Tokenizer tokenizer,
            int end,
            String source,
            Problems warnings) {
        labels.indices(rows, source);
        if (spec.sourceTemplate() == null && rows.stream().anyMatch(e -> e.textPair() != null)) {
            throw new CgloraException(
                    ErrorCode.D_TEXT,
                    source,
                    "rows have a second text, and nothing says where it stands in the prompt",
                    "\"source_template\": \"{text}\\n{text_pair}\\n\" in the data stage");
        }
        List<Continuation> all =
                rows.parallelStream()
                        .map(
                                e ->
                                        Continuation.of(
                                                DataSpec.source(
                                                        spec.sourceTemplate(),
                                                        e.text(),
                                                        e.textPair()),
                                                labels.written(e.label()),
                                                tokenizer,
                                                end,
                                                spec.maxLength(),
                                                spec.maxTargetLength()))
                        .toList();
        long cut = all.stream().filter(Continuation::isAnswerCut).count();
        if (cut > 0) {
            warnings.warning(
                    ErrorCode.D_TRUNC,
                    source,
                    "%d of %d targets do not fit and are cut".formatted(cut, rows.size()),
                    "raise data.max_target_length or data.max_length");
        }
        return Dataset.continued(all);
    }

    /// The tokens of one split.
    ///
    /// @param continues the token behind an answer where answers go on behind what is read
    /// @throws CgloraException D-LENGTH where a row is too long and that is an error
    Dataset tokenize(
            String split,
            DataSpec spec,
            Tokenizer tokenizer,
            OptionalInt continues,
            Problems warnings) {
        List<RawExample> rows =
                switch (split) {
                    case "train" -> train;
                    case "validation" -> validation;
                    default -> test;
                };
        String source = sources.get(split);
        Dataset data =
                continues.isPresent()
                        ? continued(rows, spec, tokenizer, continues.getAsInt(), source, warnings)
                        : labels.text()
                                ? texts(rows, spec, tokenizer, source, warnings)
                                : Dataset.of(rows, tokenizer, labels, spec.maxLength(), source);
        long special =
                rows.stream()
                        .filter(
                                e ->
                                        tokenizer.holdsSpecialToken(e.text())
                                                || tokenizer.holdsSpecialToken(e.textPair()))
                        .count();
        if (special > 0) {
            warnings.warning(
                    ErrorCode.T_SPECIAL,
                    source,
                    special + " rows hold the text of a special token, which becomes that token",
                    "as in transformers; change the text where it is meant as text");
        }
        if (data.truncated() > 0) {
            String what =
                    "%d of %d rows (%.1f%%) exceed %d tokens; %d would hold all"
                            .formatted(
                                    data.truncated(),
                                    rows.size(),
                                    100.0 * data.truncated() / rows.size(),
                                    spec.maxLength(),
                                    data.longest());
            switch (spec.overflow()) {
                case TRUNCATE ->
                        warnings.warning(
                                ErrorCode.D_TRUNC,
                                source,
                                what + " and are cut",
                                "raise data.max_length");
                case ERROR ->
                        throw new CgloraException(
                                ErrorCode.D_LENGTH,
                                source,
                                what,
                                "raise data.max_length, or \"overflow\": \"truncate\"");
                case DROP -> {
                    int[] kept =
                            java.util.stream.IntStream.range(0, data.size())
                                    .filter(
                                            i ->
                                                    data.tokens().get(i).fullLength()
                                                            <= spec.maxLength())
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
                    return data.select(kept);
                }
            }
        }
        return data;
    }
}
