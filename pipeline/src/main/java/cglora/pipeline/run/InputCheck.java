package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Everything that the files alone can tell, before a folder is made: reads configuration,
/// headers, tokenizer and data, no weights.
final class InputCheck {
    private final PipelineSpec spec;
    private final Problems problems;
    private final FileStamps stamps;
    private ModelSpec modelSpec;
    private DataSpec dataSpec;
    private AdapterSpec adapterSpec;
    private PretrainedModel checkpoint;
    private Tokenizer tokenizer;
    private Examples examples;
    private Dataset train;
    private Dataset validation;
    private Dataset test;

    private InputCheck(PipelineSpec spec, Problems problems) {
        this.spec = spec;
        this.problems = problems;
        this.stamps = FileStamps.of(files(spec));
    }

    /// Reads and checks all files of a pipeline.
    ///
    /// @param notes is given the warnings
    /// @throws CgloraException with everything that is wrong
    static Inputs read(PipelineSpec spec, Problems notes) {
        var problems = new Problems();
        var check = new InputCheck(spec, problems);
        try {
            check.all();
            problems.warnings().forEach(w -> notes.warning(w.code(), w.where(), w.what(), w.fix()));
            problems.throwIfAny();
            return check.inputs();
        } catch (RuntimeException e) {
            check.inputs().close();
            throw e;
        }
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
                stamps);
    }

    private static List<String> files(PipelineSpec spec) {
        var files = new ArrayList<String>();
        for (StageSpec stage : spec.stages()) {
            if (stage instanceof ModelSpec model) {
                files.add(model.path());
                files.add(model.tokenizer());
            } else if (stage instanceof DataSpec data) {
                files.add(data.train());
                files.add(data.validation());
                files.add(data.test());
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

    private void all() {
        for (StageSpec stage : inputs().stages()) {
            switch (stage) {
                case ModelSpec model -> {
                    modelSpec = model;
                    attempt(this::model);
                }
                case DataSpec data -> {
                    dataSpec = data;
                    attempt(this::data);
                }
                case AdapterSpec adapter -> {
                    adapterSpec = adapter;
                    attempt(this::adapter);
                }
                case TrainSpec training -> attempt(() -> steps(training));
                default -> {}
            }
        }
        if (!problems.hasErrors() && train != null) {
            attempt(
                    () ->
                            Samples.sizes(
                                    inputs(),
                                    inputs().calibrateSpec().orElse(null),
                                    new Problems()));
        }
    }

    private void model() {
        Map<String, ?> config = modelSpec.config() == null ? Map.of() : modelSpec.config();
        checkpoint = PretrainedModel.load(modelSpec.path(), config, modelSpec.followLinks());
        List<String> unused = checkpoint.unusedTensors();
        if (!unused.isEmpty()) {
            problems.warning(
                    ErrorCode.M_TENSOR,
                    checkpoint.description(),
                    "%d tensors that a %s does not have are ignored: %s"
                            .formatted(
                                    unused.size(),
                                    checkpoint.encoder().modelType(),
                                    String.join(", ", unused.stream().limit(5).toList())),
                    "");
        }
        attempt(() -> inputs().pooling());
        tokenizer = checkpoint.tokenizer(modelSpec.tokenizer());
    }

    private void data() {
        if (checkpoint != null && dataSpec.maxLength() > checkpoint.encoder().maxPositions()) {
            problems.error(
                    ErrorCode.O_RANGE,
                    dataSpec.id() + ".max_length",
                    "%d, the model has %d positions"
                            .formatted(dataSpec.maxLength(), checkpoint.encoder().maxPositions()),
                    "at most " + checkpoint.encoder().maxPositions());
        }
        examples = Examples.read(dataSpec, modelSpec, spec.seed(), problems);
        if (examples == null) {
            return;
        }
        if (checkpoint != null) {
            attempt(this::head);
        }
        if (tokenizer != null) {
            attempt(() -> train = tokens("train"));
            attempt(() -> validation = tokens("validation"));
            attempt(() -> test = tokens("test"));
        }
    }

    private Dataset tokens(String split) {
        Dataset data = examples.tokenize(split, dataSpec, tokenizer, problems);
        int vocabulary = checkpoint.encoder().vocabularySize();
        int largest = 0;
        var strange = new HashSet<Integer>();
        for (var tokens : data.tokens()) {
            for (int id : tokens.inputIds()) {
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
                            .formatted(largest, vocabulary, strange.size(), split),
                    "take the tokenizer.json that belongs to the model");
        }
        return data;
    }

    /// A head that the checkpoint brings has the labels of the data, in its own order.
    private void head() {
        if (!inputs().hasTrainedHead()) {
            return;
        }
        List<String> names = examples.labels().names();
        List<String> own = List.copyOf(checkpoint.id2label().values());
        long found = checkpoint.weights().shape(Inputs.HEAD)[0];
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
        examples = examples.withLabels(new Labels(own, false));
    }

    private void adapter() {
        List<String> saved = adapterSpec.modulesToSave().orElse(null);
        if (saved != null && !saved.equals(List.of("classifier"))) {
            problems.error(
                    ErrorCode.A_SAVED,
                    adapterSpec.id() + ".modules_to_save",
                    saved + ", this version trains and saves the head only",
                    "\"auto\" or [\"classifier\"]");
        }
        if (checkpoint != null && adapterSpec.method() != AdapterSpec.Method.FULL) {
            inputs().layers();
        }
    }

    private void steps(TrainSpec training) {
        if (train == null) {
            return;
        }
        if (training.maxSteps() == null && TrainerOptions.exactSteps(inputs(), training) < 0.5) {
            throw new CgloraException(
                    ErrorCode.D_STEPS,
                    training.id() + ".epochs",
                    "%s epochs of %d examples are %.2f steps"
                            .formatted(
                                    training.epochs(),
                                    train.size(),
                                    TrainerOptions.exactSteps(inputs(), training)),
                    "more epochs, or max_steps");
        }
        if (train.size() < training.perDeviceBatchSize()) {
            problems.warning(
                    ErrorCode.D_STEPS,
                    training.id() + ".per_device_batch_size",
                    "%d, there are %d training examples: an epoch is one step"
                            .formatted(training.perDeviceBatchSize(), train.size()),
                    "");
        }
    }
}
