package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.Packing;
import cglora.models.family.ModelNotes;
import cglora.models.family.PretrainedModel;
import cglora.models.metric.Entity;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AlignSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TargetModules;
import cglora.pipeline.spec.TrainSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/// Everything that the files alone can tell, before a folder is made: reads configuration,
/// headers, tokenizer and data, no weights.
final class InputCheck {
    /// The most elements of a tensor: what an array can index.
    private static final long LARGEST_TENSOR = Integer.MAX_VALUE - 64L;

    /// Below it rates and their ratios leave the range of float32.
    private static final double SMALLEST_RATE = 1e-30;

    private final PipelineSpec spec;
    private final Problems problems;
    private final FileStamps stamps;
    private final Inputs known;
    private final Consumer<String> progress;
    private ModelSpec modelSpec;
    private DataSpec dataSpec;
    private AdapterSpec adapterSpec;
    private AlignSpec alignSpec;
    private PretrainedModel checkpoint;
    private Tokenizer tokenizer;
    private Examples examples;
    private Dataset train;
    private Dataset validation;
    private Dataset test;
    private Packing packing; // null where each example has a row of its own
    private final Map<String, DataInput> others = new LinkedHashMap<>();

    private InputCheck(
            PipelineSpec spec, Problems problems, Inputs known, Consumer<String> progress) {
        this.spec = spec;
        this.progress = progress;
        this.problems = problems;
        this.known = known;
        this.stamps = known == null ? FileStamps.of(files(spec)) : known.stamps();
    }

    /// Reads and checks all files of a pipeline.
    ///
    /// @param notes is given the warnings
    /// @throws CgloraException with everything that is wrong
    static Inputs read(PipelineSpec spec, Problems notes) {
        return read(spec, notes, null, _ -> {});
    }

    /// @param progress is told of long work
    static Inputs read(PipelineSpec spec, Problems notes, Consumer<String> progress) {
        return read(spec, notes, null, progress);
    }

    /// The same where another pipeline with an equal [Inputs#dataKey] has been read: what it holds
    /// is shared, and closed by its owner.
    ///
    /// @param known null for none
    static Inputs read(PipelineSpec spec, Problems notes, Inputs known) {
        return read(spec, notes, known, _ -> {});
    }

    private static Inputs read(
            PipelineSpec spec, Problems notes, Inputs known, Consumer<String> progress) {
        var problems = new Problems();
        var check = new InputCheck(spec, problems, known, progress);
        try {
            check.all();
            problems.warnings().forEach(w -> notes.warning(w.code(), w.where(), w.what(), w.fix()));
            problems.throwIfAny();
            return check.inputs();
        } catch (RuntimeException e) {
            if (known == null) {
                check.inputs().close();
            }
            throw e;
        }
    }

    /// Checks the files of some stages of a pipeline that has mistakes and cannot be run: what
    /// hangs on the others is left out.
    ///
    /// @param notes is given the warnings
    /// @return everything that is wrong with the files
    static List<Problem> survey(PipelineSpec some, Problems notes) {
        var problems = new Problems();
        var check = new InputCheck(some, problems, null, _ -> {});
        try {
            check.stages();
        } finally {
            check.inputs().close();
        }
        problems.warnings().forEach(w -> notes.warning(w.code(), w.where(), w.what(), w.fix()));
        return problems.errors();
    }

    /// What has been read so far.
    private Inputs inputs() {
        return new Inputs(
                spec,
                modelSpec,
                dataSpec,
                adapterSpec,
                checkpoint,
                tokenizer,
                examples,
                train,
                validation,
                test,
                packing,
                others,
                stamps);
    }

    private static List<String> files(PipelineSpec spec) {
        var files = new ArrayList<String>();
        for (StageSpec stage : spec.stages()) {
            if (stage instanceof ModelSpec model) {
                files.add(model.path());
                files.add(model.tokenizer());
            } else if (stage instanceof DataSpec data) {
                files.addAll(DataFileNames.there(data.train()));
                files.addAll(DataFileNames.there(data.validation()));
                files.addAll(DataFileNames.there(data.test()));
            } else if (stage instanceof EvaluateSpec evaluate
                    && evaluate.when()
                    && evaluate.from() != null
                    && evaluate.from().folder() != null) {
                files.add(Predictor.place(Path.of(evaluate.from().folder())).toString());
            } else if (stage instanceof AlignSpec align && align.when()) {
                files.add(Predictor.place(Path.of(align.reference())).toString());
            } else if (stage instanceof CalibrateSpec calibrate
                    && calibrate.when()
                    && calibrate.from() != null) {
                Path place = EarlierStatistics.of(Path.of(calibrate.from())).place();
                files.add(place.toString());
                files.add(place.resolve("layers").toString());
            } else if (stage instanceof AdapterSpec adapter
                    && adapter.when()
                    && adapter.start() != null) {
                files.add(EarlierStart.place(Path.of(adapter.start())).toString());
            } else if (stage instanceof AdapterSpec adapter
                    && adapter.when()
                    && adapter.from() != null) {
                files.add(Predictor.place(Path.of(adapter.from())).toString());
            }
        }
        files.removeIf(Objects::isNull);
        return files;
    }

    /// Goes on with the next check where one ends in an error.
    private void attempt(Runnable check) {
        try {
            check.run();
        } catch (CgloraException e) {
            problems.error(e);
        }
    }

    /// This version runs one stage of a kind, but for data, trainings, evaluations and exports, and
    /// learns nothing behind the last export.
    private void order() {
        List<StageSpec> stages = inputs().stages();
        if (stages.stream().noneMatch(DataSpec.class::isInstance)) {
            problems.error(
                    ErrorCode.P_STAGE,
                    "stages",
                    "there is no stage 'data', so there is nothing to run",
                    "add {\"stage\": \"data\", ...}");
        }
        var seen = new HashSet<Class<?>>();
        for (StageSpec stage : stages) {
            boolean repeats =
                    stage instanceof EvaluateSpec
                            || stage instanceof TrainSpec
                            || stage instanceof DataSpec
                            || stage instanceof ExportSpec;
            boolean again = !seen.add(stage.getClass()) && !repeats;
            boolean late =
                    seen.contains(ExportSpec.class)
                            && (stage instanceof TrainSpec || stage instanceof AdapterSpec)
                            && stages.subList(stages.indexOf(stage), stages.size()).stream()
                                    .noneMatch(ExportSpec.class::isInstance);
            if (again || late) {
                problems.error(
                        ErrorCode.P_STAGE,
                        stage.id(),
                        again
                                ? "is a second stage of its kind; this version runs one"
                                : "comes behind the export, which would not hold what it learns",
                        again
                                ? "take one of them out, or give it \"when\": false"
                                : "move the export behind it");
            }
        }
    }

    private void all() {
        order();
        stages();
        if (!problems.hasErrors() && train != null) {
            attempt(
                    () ->
                            Samples.sizes(
                                    inputs(),
                                    inputs().calibrateSpec().orElse(null),
                                    new Problems()));
        }
    }

    private void stages() {
        for (StageSpec stage : inputs().stages()) {
            switch (stage) {
                case ModelSpec model -> {
                    modelSpec = model;
                    attempt(this::model);
                }
                case DataSpec data when dataSpec != null -> attempt(() -> other(data));
                case DataSpec data -> {
                    dataSpec = data;
                    attempt(() -> data(null));
                }
                case AdapterSpec adapter -> {
                    adapterSpec = adapter;
                    attempt(this::adapter);
                }
                case TrainSpec training -> {
                    if (training.loadBest() != null) {
                        metrics(training.id(), "load_best", List.of(training.loadBest()));
                    }
                    attempt(() -> steps(training));
                }
                case AlignSpec align -> {
                    alignSpec = align;
                    if (examples != null
                            && checkpoint != null
                            && inputs().split(align.data()) != null) {
                        attempt(this::align);
                    }
                }
                case EvaluateSpec evaluate -> {
                    if (evaluate.metrics() != null) {
                        metrics(evaluate.id(), "metrics", evaluate.metrics());
                    }
                    if (evaluate.from() != null
                            && evaluate.from().folder() != null
                            && checkpoint != null
                            && examples != null) {
                        Path from = Path.of(evaluate.from().folder());
                        attempt(() -> TunedModel.of(inputs(), from, problems));
                    }
                }
                default -> {}
            }
        }
        if (modelSpec != null) {
            dtype();
        }
    }

    /// Weights that are rounded can neither be trained nor have a start taken off them.
    private void dtype() {
        boolean full = inputs().isFull();
        boolean shifted = adapterSpec != null && Inputs.isShifted(adapterSpec);
        if (modelSpec.dtype() == ModelSpec.Dtype.FLOAT32 || !full && !shifted) {
            return;
        }
        problems.error(
                ErrorCode.O_CONFLICT,
                modelSpec.id() + ".dtype",
                "bfloat16 is for weights that stay as they are; "
                        + (full
                                ? "here the model's own weights are trained"
                                : "adapter.method %s takes its start off them"
                                        .formatted(adapterSpec.method().jsonName())),
                full
                        ? "take float32, or an adapter"
                        : "take float32, or lora, rslora, eva or cg-lora without a shift");
    }

    private void align() {
        if (inputs().split(alignSpec.data()).size() == 0) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY,
                    alignSpec.id() + ".data",
                    "'" + alignSpec.data().jsonName() + "' has no examples",
                    "take another split");
        }
        TunedModel.of(inputs(), Path.of(alignSpec.reference()), problems);
    }

    private void model() {
        if (known != null) {
            checkpoint = known.checkpoint();
            tokenizer = known.tokenizer();
            return;
        }
        Map<String, ?> config = modelSpec.config() == null ? Map.of() : modelSpec.config();
        checkpoint = PretrainedModel.load(modelSpec.path(), config, modelSpec.followLinks());
        if (inputs().writes()) {
            ModelNotes.tellOfWriting(checkpoint, problems);
        } else {
            ModelNotes.tell(checkpoint, problems);
        }
        attempt(this::body);
        tokenizer = checkpoint.tokenizer(modelSpec.tokenizer());
    }

    /// The task has the kind of body that it needs.
    private void body() {
        switch (modelSpec.task()) {
            case SEQ_CLS -> inputs().pooling();
            case SEQ_2_SEQ_LM -> checkpoint.encoderDecoder();
            case CAUSAL_LM -> checkpoint.causalDecoder();
            case TOKEN_CLS -> checkpoint.encoder();
        }
    }

    /// A data stage behind the first one, whose classes it has.
    private void other(DataSpec spec) {
        if (known != null) {
            others.put(spec.id(), known.others().get(spec.id()));
            return;
        }
        var first = new DataInput(dataSpec, examples, train, validation, test, packing);
        Tokenizer own = tokenizer;
        dataSpec = spec;
        examples = null;
        train = null;
        validation = null;
        test = null;
        packing = null;
        try {
            data(first.examples() == null ? null : first.examples().labels());
        } finally {
            others.put(spec.id(), new DataInput(spec, examples, train, validation, test, packing));
            dataSpec = first.spec();
            examples = first.examples();
            train = first.train();
            validation = first.validation();
            test = first.test();
            packing = first.packing();
            tokenizer = own;
        }
    }

    /// @param expected the classes; null for those of the data
    private void data(Labels expected) {
        if (known != null) {
            examples = known.examples();
            train = known.train();
            validation = known.validation();
            test = known.test();
            packing = known.packing();
            return;
        }
        if (checkpoint != null && dataSpec.maxLength() > checkpoint.body().maxPositions()) {
            problems.error(
                    ErrorCode.O_RANGE,
                    dataSpec.id() + ".max_length",
                    "%d, the model has %d positions"
                            .formatted(dataSpec.maxLength(), checkpoint.body().maxPositions()),
                    "at most " + checkpoint.body().maxPositions());
        }
        if (tokenizer != null) {
            tokenizer = tokenizer.cutting(dataSpec.cutting());
        }
        // without a model nobody knows whether the labels are classes or targets
        var found = new Problems();
        var sources = new DataSources(dataSpec, modelSpec, tokenizer, found, progress);
        examples = Examples.read(dataSpec, modelSpec, spec.seed(), sources, expected, found);
        found.errors().stream()
                .filter(e -> modelSpec != null || e.code() != ErrorCode.D_LABEL)
                .forEach(e -> problems.error(e.code(), e.where(), e.what(), e.fix()));
        found.warnings().forEach(w -> problems.warning(w.code(), w.where(), w.what(), w.fix()));
        if (examples == null) {
            return;
        }
        if (tokenizer != null) {
            attempt(this::pairs);
        }
        if (checkpoint != null && expected == null) {
            attempt(this::head);
        }
        if (tokenizer != null) {
            attempt(() -> train = tokens(EvaluateSpec.Split.TRAIN));
            attempt(() -> validation = tokens(EvaluateSpec.Split.VALIDATION));
            attempt(() -> test = tokens(EvaluateSpec.Split.TEST));
            attempt(this::pack);
        }
    }

    /// Rows that several training examples share.
    private void pack() {
        boolean fits = modelSpec.task() == ModelSpec.Task.CAUSAL_LM;
        if (dataSpec.packing() && fits && train != null && train.size() > 0) {
            packing = Packing.of(train.tokens(), dataSpec.maxLength(), spec.seed());
        }
    }

    private void pairs() {
        boolean pairs = examples.train().rows().hasPairs();
        if (!pairs && dataSpec.truncation() == DataSpec.Cut.ONLY_SECOND) {
            problems.error(
                    ErrorCode.O_CONFLICT,
                    dataSpec.id() + ".truncation",
                    "only_second, and no row has a second text",
                    "take it out, or name columns.text_pair");
        }
        int special = pairs ? tokenizer.specialTokensOfPair() : 0;
        if (pairs && dataSpec.maxLength() <= special) {
            problems.error(
                    ErrorCode.O_RANGE,
                    dataSpec.id() + ".max_length",
                    "%d leaves no token of a pair beside its special tokens"
                            .formatted(dataSpec.maxLength()),
                    "at least " + (special + 1));
        }
    }

    /// Null where answers do not go on behind what is read.
    private Continued continues() {
        if (modelSpec.task() != ModelSpec.Task.CAUSAL_LM) {
            return null;
        }
        List<Integer> ends = checkpoint.endTokenIds();
        return new Continued(
                ends.isEmpty() ? -1 : ends.getFirst(),
                () -> checkpoint.chatTemplate(modelSpec.tokenizer()));
    }

    private Dataset tokens(EvaluateSpec.Split split) {
        Dataset data = examples.tokenize(split, dataSpec, tokenizer, continues(), problems);
        int vocabulary = checkpoint.body().vocabularySize();
        List<int[]> answers = inputs().writes() ? data.answers() : List.of();
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
        if (inputs().writes() || !inputs().hasTrainedHead()) {
            return;
        }
        if (!inputs().tags()) {
            SavedModel.labels(checkpoint, inputs().head().outputs());
        }
        List<String> names = examples.labels().names();
        List<String> own = List.copyOf(checkpoint.id2label().values());
        long found = inputs().head().outputs();
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
                    checkpoint.description(),
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
                    dataSpec.id() + ".labels",
                    "the data's order is %s, the model's %s; the model's is kept, matched by name"
                            .formatted(names, own),
                    "");
        }
        var labels = new Labels(own, false);
        examples = examples.withLabels(inputs().tags() ? labels.asTags() : labels);
    }

    /// F1 of one class against the other is the only metric that the number of classes rules out;
    /// those of entities need tags that mark some.
    private void metrics(String id, String key, List<String> names) {
        if (examples != null && examples.labels().tags()) {
            entityMetrics(id, key, names);
            return;
        }
        if (examples == null || !examples.labels().classes() || !names.contains("f1")) {
            return;
        }
        int classes = examples.labels().names().size();
        if (classes != 2) {
            problems.error(
                    ErrorCode.P_VALUE,
                    id + "." + key,
                    "metric 'f1' is for two classes, the data has " + classes,
                    "take f1_macro");
        }
    }

    private void entityMetrics(String id, String key, List<String> names) {
        List<String> tags = examples.labels().names();
        List<String> ofEntities =
                names.stream().filter(List.of("precision", "recall", "f1")::contains).toList();
        if (!ofEntities.isEmpty() && !Entity.areTags(tags)) {
            problems.error(
                    ErrorCode.P_VALUE,
                    id + "." + key,
                    "metric '%s' is of entities, whose tags are O, B-… and I-…; here they are %s"
                            .formatted(ofEntities.getFirst(), String.join(", ", tags)),
                    "take loss or token_accuracy, or name the tags of numbers by data.labels");
        }
    }

    private void rate(TrainSpec training, String key, double rate) {
        if (rate < SMALLEST_RATE) {
            problems.error(
                    ErrorCode.O_RANGE,
                    training.id() + "." + key,
                    rate + " is too small for float32",
                    "at least " + SMALLEST_RATE);
        }
    }

    /// @throws CgloraException O-RANGE for a batch whose widest tensor is more than an array holds
    private void batch(TrainSpec training, Inputs inputs) {
        BatchShape shape = inputs.trainingBatches(1).largest();
        long width = shape.width();
        long widest =
                checkpoint.body().linearModules().stream()
                        .mapToLong(module -> Math.max(module.in(), module.out()))
                        .max()
                        .orElse(1);
        long target = shape.targetWidth();
        long logits = target == 0 ? 0 : target * inputs.outputs();
        long example = Math.max(logits, width * widest);
        if (training.perDeviceBatchSize() > LARGEST_TENSOR / example) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    training.id() + ".per_device_batch_size",
                    "%d examples of %d tokens are %d elements of one tensor, an array holds %d"
                            .formatted(
                                    training.perDeviceBatchSize(),
                                    width,
                                    training.perDeviceBatchSize() * example,
                                    LARGEST_TENSOR),
                    "at most %d, and gradient_accumulation_steps for the rest"
                            .formatted(LARGEST_TENSOR / example));
        }
    }

    private void adapter() {
        if (adapterSpec.from() != null) {
            if (checkpoint != null && examples != null) {
                EarlierAdapter.of(adapterSpec).require(inputs(), problems);
            }
            return;
        }
        List<String> head =
                inputs().writes()
                        ? List.of()
                        : checkpoint == null
                                ? List.of("classifier")
                                : inputs().head().of(1).saved();
        List<String> saved = adapterSpec.modulesToSave().orElse(null);
        if (saved != null && (head.isEmpty() || !isHead(saved, head))) {
            problems.error(
                    ErrorCode.A_SAVED,
                    adapterSpec.id() + ".modules_to_save",
                    saved + ", this version trains and saves the head only",
                    head.isEmpty()
                            ? "\"auto\": this task has none"
                            : "\"auto\" or " + head.stream().map(m -> '"' + m + '"').toList());
        }
        if (adapterSpec.targetModules() instanceof TargetModules.Names(List<String> names)
                && !Collections.disjoint(names, head)) {
            problems.error(
                    ErrorCode.A_SAVED,
                    adapterSpec.id() + ".target_modules",
                    "module '%s' is both targeted and saved: the head is trained as a whole"
                            .formatted(names.stream().filter(head::contains).findFirst().get()),
                    "take it out of target_modules");
            return;
        }
        if (checkpoint != null && adapterSpec.method() != AdapterSpec.Method.FULL) {
            inputs().layers();
            inputs().allocation();
            if (examples != null) {
                inputs().earlierStart().ifPresent(start -> start.require(inputs(), problems));
                inputs().earlierStatistics()
                        .ifPresent(earlier -> earlier.require(inputs(), problems));
            }
        }
    }

    /// Whether these are the modules of the head, as PEFT finds them: by the ends of their names.
    /// PEFT itself adds `score`, the head of other families.
    private static boolean isHead(List<String> saved, List<String> head) {
        return head.stream().allMatch(m -> saved.stream().anyMatch(m::endsWith))
                && saved.stream()
                        .allMatch(
                                s ->
                                        s.equals("score")
                                                || head.stream().anyMatch(m -> m.endsWith(s)));
    }

    /// Weights are those of classes that there are.
    private void classWeights(TrainSpec training) {
        if (training.classWeights() == null || examples == null) {
            return;
        }
        Labels labels = examples.labels();
        if (labels.regression()) {
            problems.error(
                    ErrorCode.O_CONFLICT,
                    training.id() + ".class_weights",
                    "a regression has no classes",
                    "take class_weights out");
            return;
        }
        for (String name : training.classWeights().orElse(Map.of()).keySet()) {
            if (!labels.names().contains(name)) {
                String near = Suggestion.nearest(name, labels.names());
                problems.error(
                        ErrorCode.P_VALUE,
                        training.id() + ".class_weights",
                        "no class '%s'; there are %s"
                                .formatted(name, String.join(", ", labels.names())),
                        near.isEmpty() ? "name one of them" : "did you mean '" + near + "'?");
            }
        }
    }

    private void steps(TrainSpec training) {
        rate(training, "learning_rate", training.learningRate().orElse(1.0));
        if (training.headLearningRate() != null) {
            rate(training, "head_learning_rate", training.headLearningRate());
        }
        classWeights(training);
        Inputs inputs = inputs().on(training.data());
        if (inputs.train() == null) {
            return;
        }
        batch(training, inputs);
        if (training.maxSteps() == null && TrainerOptions.exactSteps(inputs(), training) < 0.5) {
            throw new CgloraException(
                    ErrorCode.D_STEPS,
                    training.id() + ".epochs",
                    "%s epochs of %d examples are %.2f steps"
                            .formatted(
                                    training.epochs(),
                                    inputs.train().size(),
                                    TrainerOptions.exactSteps(inputs(), training)),
                    "more epochs, or max_steps");
        }
        if (inputs.trainingRows() < training.perDeviceBatchSize()) {
            problems.warning(
                    ErrorCode.D_STEPS,
                    training.id() + ".per_device_batch_size",
                    "%d, there are %d %s: an epoch is one step"
                            .formatted(
                                    training.perDeviceBatchSize(),
                                    inputs.trainingRows(),
                                    inputs.packing() == null
                                            ? "training examples"
                                            : "rows of packed examples"),
                    "");
        }
    }
}
