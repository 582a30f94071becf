package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Answering;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.Packing;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ModelSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.function.Consumer;

/// Reads the rows of one data stage and makes tokens of them. What was read before something was
/// wrong is there.
final class DataCheck {
    private final Inputs before;
    private final DataSpec spec;
    private final Problems problems;
    private final Consumer<String> progress;
    private Tokenizer tokenizer;
    private Examples examples;
    private Dataset train;
    private Dataset validation;
    private Dataset test;
    private Packing packing;
    private Answering answering;

    /// @param before   the stages before this one; the model stage and its tokenizer may be null
    /// @param progress is told of long work
    DataCheck(Inputs before, DataSpec spec, Problems problems, Consumer<String> progress) {
        this.before = before;
        this.spec = spec;
        this.problems = problems;
        this.progress = progress;
        this.tokenizer = before.tokenizer();
    }

    /// What was read; all but the settings may be null.
    DataInput found() {
        return new DataInput(spec, examples, train, validation, test, packing);
    }

    /// The tokenizer, which cuts as this stage says; null where there is none.
    Tokenizer tokenizer() {
        return tokenizer;
    }

    private Inputs inputs() {
        return before.with(found(), tokenizer);
    }

    /// @param expected the classes; null for those of the data
    void read(Labels expected) {
        if (before.checkpoint() != null) {
            positions();
        }
        if (tokenizer != null) {
            tokenizer = tokenizer.cutting(spec.cutting());
        }
        rows(expected);
        if (examples == null) {
            return;
        }
        SplitCheck.held(spec, examples, problems);
        if (tokenizer != null) {
            problems.attempt(this::pairs);
        }
        if (before.checkpoint() != null && expected == null) {
            problems.attempt(this::head);
        }
        if (tokenizer != null) {
            problems.attempt(() -> train = tokens(EvaluateSpec.Split.TRAIN));
            problems.attempt(() -> validation = tokens(EvaluateSpec.Split.VALIDATION));
            problems.attempt(() -> test = tokens(EvaluateSpec.Split.TEST));
            problems.attempt(this::pack);
        }
    }

    private void positions() {
        int most = before.checkpoint().body().maxPositions();
        if (spec.maxLength() > most) {
            problems.error(
                    ErrorCode.O_RANGE,
                    spec.id() + ".max_length",
                    "%d, the model has %d positions".formatted(spec.maxLength(), most),
                    "at most " + most);
        }
    }

    private void rows(Labels expected) {
        // without a model nobody knows whether the labels are classes or targets
        ModelSpec model = before.modelSpec();
        var found = new Problems();
        answering = answering(expected);
        var sources = new DataSources(spec, model, tokenizer, answering, found, progress);
        examples = ExamplesReader.read(spec, model, before.spec().seed(), sources, expected, found);
        found.errors().stream()
                .filter(e -> model != null || e.code() != ErrorCode.D_LABEL)
                .forEach(e -> problems.error(e.code(), e.where(), e.what(), e.fix()));
        found.warnings().forEach(w -> problems.warning(w.code(), w.where(), w.what(), w.fix()));
    }

    /// Rows that several training examples share.
    private void pack() {
        boolean fits = before.modelSpec().task() == ModelSpec.Task.CAUSAL_LM;
        if (spec.packing() && fits && train != null && train.size() > 0) {
            packing = Packing.of(train.tokens(), spec.maxLength(), before.spec().seed());
        }
    }

    private void pairs() {
        boolean pairs = examples.train().rows().hasPairs();
        if (!pairs && spec.truncation() == DataSpec.Cut.ONLY_SECOND) {
            problems.error(
                    ErrorCode.O_CONFLICT,
                    spec.id() + ".truncation",
                    "only_second, and no row has a second text",
                    "take it out, or name columns.text_pair");
        }
        int special = pairs ? tokenizer.specialTokensOfPair() : 0;
        if (pairs && spec.maxLength() <= special) {
            problems.error(
                    ErrorCode.O_RANGE,
                    spec.id() + ".max_length",
                    "%d leaves no token of a pair beside its special tokens"
                            .formatted(spec.maxLength()),
                    "at least " + (special + 1));
        }
    }

    /// Null where no texts are written, or nothing can be made of them.
    private Answering answering(Labels expected) {
        ModelSpec model = before.modelSpec();
        if (tokenizer == null || before.checkpoint() == null || !before.writes()) {
            return null;
        }
        Labels labels =
                expected != null
                        ? expected
                        : Labels.ofTexts(spec.labels() == null ? List.of() : spec.labels());
        if (model.task() != ModelSpec.Task.CAUSAL_LM) {
            return new WrittenAnswers(spec, labels, tokenizer);
        }
        List<Integer> ends = before.checkpoint().endTokenIds();
        return new ContinuedAnswers(
                spec,
                labels,
                tokenizer,
                ends.isEmpty() ? -1 : ends.getFirst(),
                () ->
                        before.checkpoint()
                                .tokenizerFiles(before.modelSpec().tokenizer())
                                .chatTemplate());
    }

    private Dataset tokens(EvaluateSpec.Split split) {
        Dataset data = new ExampleTokens(examples, spec, tokenizer, answering, problems).of(split);
        int vocabulary = before.checkpoint().body().vocabularySize();
        List<int[]> answers = before.writes() ? data.answers() : List.of();
        int largestAnswer = answers.stream().flatMapToInt(Arrays::stream).max().orElse(0);
        if (Math.max(data.tokens().largestId(), largestAnswer) < vocabulary) {
            return data;
        }
        int largest = 0;
        var strange = new HashSet<Integer>();
        var all = new ArrayList<>(answers);
        data.tokens().forEach(tokens -> all.add(tokens.inputIds()));
        for (int[] ids : all) {
            for (int id : ids) {
                largest = Math.max(largest, id);
                if (id >= vocabulary) {
                    strange.add(id);
                }
            }
        }
        if (!strange.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.T_VOCABULARY,
                    tokenizer.description(),
                    "token id %d, the model's vocabulary has %d; %d tokens of the %s data are beyond"
                            .formatted(largest, vocabulary, strange.size(), split.jsonName()),
                    "take the tokenizer.json that belongs to the model");
        }
        return data;
    }

    /// A head that the checkpoint brings has the labels of the data, in its own order.
    private void head() {
        Inputs inputs = inputs();
        if (inputs.writes() || !HeadChoice.isTrained(inputs)) {
            return;
        }
        if (!inputs.tags()) {
            SavedModel.labels(inputs.checkpoint(), inputs.head().outputs());
        }
        List<String> names = examples.labels().names();
        List<String> own = List.copyOf(inputs.checkpoint().id2label().values());
        long found = inputs.head().outputs();
        boolean named =
                own.size() == found && own.stream().noneMatch(name -> name.startsWith("LABEL_"));
        boolean strangers =
                named
                        && !examples.labels().regression()
                        && !examples.labels().isNumbered()
                        && !new HashSet<>(own).equals(new HashSet<>(names));
        if (found != names.size() || strangers) {
            throw new CgloraException(
                    ErrorCode.M_HEAD,
                    inputs.checkpoint().description(),
                    "its head has %d labels %s, the data has %d: %s"
                            .formatted(found, own, names.size(), String.join(", ", names)),
                    "\"head\": \"new\" in the model stage replaces it");
        }
        if (!named || examples.labels().regression() || own.equals(names)) {
            return;
        }
        if (!examples.labels().isNumbered()) {
            problems.warning(
                    ErrorCode.D_LABEL,
                    spec.id() + ".labels",
                    "the data's order is %s, the model's %s; the model's is kept, matched by name"
                            .formatted(names, own),
                    "");
        }
        var labels = new Labels(own, false);
        examples = examples.withLabels(inputs.tags() ? labels.asTags() : labels);
    }
}
