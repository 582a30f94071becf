package cglora.pipeline.run;

import cglora.kernels.engine.Engine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.DataType;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.PackedBatches;
import cglora.models.data.Packing;
import cglora.models.data.TrainingBatches;
import cglora.models.family.CheckpointHead;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Pooling;
import cglora.models.training.Seq2Seq;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import cglora.models.training.TaskModel;
import cglora.models.training.TokenClassifier;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AlignSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataFiles;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a pipeline's files hold: the model's headers, its tokenizer and the data as tokens. Made
/// before anything is computed.
///
/// @param spec        the pipeline
/// @param modelSpec   its model stage; as the next ones null where there is no such stage
/// @param dataSpec    its data stage
/// @param adapterSpec its adapter stage
/// @param checkpoint  headers of the base model
/// @param tokenizer   of the base model
/// @param examples    the rows
/// @param train       the rows as tokens
/// @param validation  may be empty
/// @param test        may be empty
/// @param packing     of the training examples; null where each has a row of its own
/// @param others      what data stages behind the first one give, by their ids
/// @param stamps      of all files that were read
record Inputs(
        PipelineSpec spec,
        ModelSpec modelSpec,
        DataSpec dataSpec,
        AdapterSpec adapterSpec,
        PretrainedModel checkpoint,
        Tokenizer tokenizer,
        Examples examples,
        Dataset train,
        Dataset validation,
        Dataset test,
        Packing packing,
        Map<String, DataInput> others,
        FileStamps stamps)
        implements AutoCloseable {
    static final int EVALUATION_BATCH = 32;

    /// The stages that take part, in order.
    List<StageSpec> stages() {
        return spec.stages().stream().filter(StageSpec::when).toList();
    }

    /// Whether the model's own weights are trained: asked for, or because there is no adapter.
    boolean isFull() {
        return adapterSpec == null ? trains() : adapterSpec.method() == AdapterSpec.Method.FULL;
    }

    /// How the frozen matrices of the model are kept.
    DataType dtype() {
        return DataType.valueOf(modelSpec.dtype().name());
    }

    boolean trains() {
        return !trainings().isEmpty();
    }

    /// The train stages that take part, in order.
    List<TrainSpec> trainings() {
        return stages().stream()
                .filter(TrainSpec.class::isInstance)
                .map(TrainSpec.class::cast)
                .toList();
    }

    /// The export of a pipeline that trains and says nothing of an export: what was learnt is
    /// kept.
    Optional<ExportSpec> exportByDefault() {
        boolean silent = spec.stages().stream().noneMatch(ExportSpec.class::isInstance);
        return silent && trains() ? Optional.of(ExportSpec.byDefault()) : Optional.empty();
    }

    /// The same with another data stage in the place of the first.
    ///
    /// @param id null for the first
    Inputs on(String id) {
        DataInput other = others.get(id == null ? "" : id);
        return other == null ? this : with(other, tokenizer);
    }

    /// The same with these rows in the place of the first data stage's.
    ///
    /// @param cutting the tokenizer, which cuts as their stage says
    Inputs with(DataInput data, Tokenizer cutting) {
        return new Inputs(
                spec,
                modelSpec,
                data.spec(),
                adapterSpec,
                checkpoint,
                cutting,
                data.examples(),
                data.train(),
                data.validation(),
                data.test(),
                data.packing(),
                others,
                stamps);
    }

    /// The same with each data stage in turn.
    List<Inputs> onEach() {
        return Stream.concat(Stream.of(this), others.keySet().stream().map(this::on)).toList();
    }

    /// How sequences become one vector.
    ///
    /// @throws CgloraException M-TENSOR for a pooler that is not there
    Pooling pooling() {
        Pooling pooling =
                switch (modelSpec.pooling()) {
                    case AUTO -> SavedModel.pooling(checkpoint);
                    case MEAN -> Pooling.MEAN;
                    case CLS -> Pooling.CLS;
                    case LAST -> Pooling.LAST;
                    case POOLER -> Pooling.POOLER;
                };
        if (pooling == Pooling.POOLER && !checkpoint.hasPooler()) {
            throw new CgloraException(
                    ErrorCode.M_TENSOR,
                    checkpoint.description(),
                    "has no pooler",
                    "\"pooling\": \"mean\" or \"cls\"");
        }
        return pooling;
    }

    SequenceClassifier classifier() {
        return new SequenceClassifier(checkpoint.encoder(), pooling(), examples.labels());
    }

    /// Whether the model's answers are texts.
    boolean writes() {
        return modelSpec.task().writes();
    }

    /// Whether the model gives each word a class.
    boolean tags() {
        return modelSpec.task().tags();
    }

    /// Whether the loss is that of tokens, not of examples.
    boolean isOfTokens() {
        return writes() || tags();
    }

    /// How many logits a term of the loss has.
    int outputs() {
        return writes() ? checkpoint.body().vocabularySize() : examples.labels().names().size();
    }

    /// The head that the checkpoint may bring for the task.
    CheckpointHead head() {
        return tags() ? checkpoint.tokenHead() : checkpoint.sequenceHead();
    }

    /// The model with its task.
    TaskModel task() {
        return switch (modelSpec.task()) {
            case SEQ_CLS -> classifier();
            case SEQ_2_SEQ_LM -> new Seq2Seq(checkpoint.encoderDecoder());
            case CAUSAL_LM -> new CausalLanguageModel(checkpoint.causalDecoder());
            case TOKEN_CLS -> new TokenClassifier(checkpoint.encoder(), examples.labels());
        };
    }

    /// Turns of conversations are as long as these may be.
    private int longestTarget() {
        return examples.chats() ? dataSpec.maxLength() : dataSpec.maxTargetLength();
    }

    /// The model as a run begins with it: its head as `model.head` says, nothing adapted.
    Session session(Engine engine) {
        return new Session(engine, task(), checkpoint, isFull(), HeadChoice.start(this), dtype());
    }

    /// Whether layers are computed again for their gradients: calibration does as training does.
    boolean recomputesLayers() {
        return trainings().stream().anyMatch(TrainSpec::gradientCheckpointing);
    }

    /// How much of a text is read.
    TextLimit textLimit() {
        return new TextLimit(dataSpec.maxLength(), dataSpec.cutting());
    }

    Batcher batcher(int size) {
        int[] buckets =
                dataSpec.buckets().isAuto()
                        ? Batcher.defaultBuckets(dataSpec.maxLength())
                        : dataSpec.buckets().orElse(List.of()).stream()
                                .mapToInt(Integer::intValue)
                                .toArray();
        return new Batcher(
                size,
                buckets,
                checkpoint.padTokenId(),
                tags()
                        ? buckets // each token has its place
                        : writes() ? Batcher.defaultTargetBuckets(longestTarget()) : new int[0]);
    }

    /// The training examples as rows of batches, several of them in a row where they are packed.
    ///
    /// @param size rows of a batch
    TrainingBatches trainingBatches(int size) {
        return packing == null
                ? batcher(size).over(train)
                : new PackedBatches(train, packing, batcher(size));
    }

    /// Rows of an epoch: the training examples, or what they are packed into.
    int trainingRows() {
        return packing == null ? train.size() : packing.rows();
    }

    /// The evaluation's batches.
    List<Batch> batches(Dataset data) {
        return batcher(EVALUATION_BATCH).sequential(data);
    }

    String reportedName() {
        return test.size() > 0 ? "test" : "validation";
    }

    /// The split that the final table shows: test where there is one.
    Dataset reported() {
        return test.size() > 0 ? test : validation;
    }

    Optional<CalibrateSpec> calibrateSpec() {
        return spec.stages().stream()
                .filter(s -> s.when() && s instanceof CalibrateSpec)
                .map(CalibrateSpec.class::cast)
                .findFirst();
    }

    /// The statistics of an earlier run that are taken, with their head.
    Optional<EarlierStatistics> earlierStatistics() {
        if (adapterSpec == null
                || adapterSpec.method() == AdapterSpec.Method.FULL
                || adapterSpec.start() != null) {
            return Optional.empty();
        }
        return calibrateSpec()
                .map(CalibrateSpec::from)
                .map(from -> EarlierStatistics.of(Path.of(from)));
    }

    /// The start of an earlier run's adapter that is taken, with its head.
    Optional<EarlierStart> earlierStart() {
        return adapterSpec == null || adapterSpec.start() == null
                ? Optional.empty()
                : Optional.of(EarlierStart.of(adapterSpec));
    }

    /// What stands behind the body: a pooling, or the head of a task that writes.
    String headName() {
        return isOfTokens() ? modelSpec.task().jsonName() : pooling().name();
    }

    Optional<AlignSpec> alignSpec() {
        return spec.stages().stream()
                .filter(s -> s.when() && s instanceof AlignSpec)
                .map(AlignSpec.class::cast)
                .findFirst();
    }

    Dataset split(EvaluateSpec.Split split) {
        return switch (split) {
            case TRAIN -> train;
            case VALIDATION -> validation;
            case TEST -> test;
        };
    }

    /// A split and where it comes from: `validation (a share of train.tsv)`.
    String describe(EvaluateSpec.Split split) {
        DataFiles files =
                switch (split) {
                    case TRAIN -> dataSpec.train();
                    case VALIDATION -> dataSpec.validation();
                    case TEST -> dataSpec.test();
                };
        String from =
                files != null
                        ? relative(files)
                        : dataSpec.train() == null
                                ? dataSpec.id()
                                : "of " + relative(dataSpec.train());
        return split.jsonName() + " (" + from + ")";
    }

    private static String relative(DataFiles files) {
        return files.names().stream()
                .map(name -> RunReport.relative(Path.of(name)))
                .collect(Collectors.joining(", "));
    }

    CellKeys.DataKey dataKey() {
        return new CellKeys.DataKey(modelSpec, CellKeys.dataStages(spec), spec.seed());
    }

    @Override
    public void close() {
        if (tokenizer != null) {
            tokenizer.close();
        }
        if (checkpoint != null) {
            checkpoint.close();
        }
        onEach().stream().map(Inputs::examples).filter(Objects::nonNull).forEach(Examples::close);
    }
}
