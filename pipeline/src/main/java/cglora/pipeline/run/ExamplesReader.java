package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Labels;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Reads the rows of a data stage, finds their classes and divides them into splits.
final class ExamplesReader {
    private ExamplesReader() {}

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
}
