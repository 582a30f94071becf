package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import java.util.List;
import java.util.Map;

/// Everything that the files alone can tell, before a folder is made.
final class InputCheck {
    private final PipelineSpec spec;
    private final Problems notes;
    private ModelSpec modelSpec;
    private DataSpec dataSpec;
    private AdapterSpec adapterSpec;
    private PretrainedModel checkpoint;
    private Tokenizer tokenizer;
    private Examples examples;
    private Dataset train;
    private Dataset validation;
    private Dataset test;

    private InputCheck(PipelineSpec spec, Problems notes) {
        this.spec = spec;
        this.notes = notes;
    }

    /// Reads and checks all files of a pipeline.
    ///
    /// @param notes is given the warnings
    static Inputs read(PipelineSpec spec, Problems notes) {
        var check = new InputCheck(spec, notes);
        try {
            check.stages();
            return check.inputs();
        } catch (CgloraException e) {
            check.inputs().close();
            throw e;
        }
    }

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
                test);
    }

    private void stages() {
        for (StageSpec stage : inputs().stages()) {
            if (stage instanceof ModelSpec model) {
                modelSpec = model;
                Map<String, ?> config = model.config() == null ? Map.of() : model.config();
                checkpoint = PretrainedModel.load(model.path(), config);
                tokenizer = checkpoint.tokenizer(model.tokenizer());
            } else if (stage instanceof DataSpec data) {
                dataSpec = data;
                if (data.maxLength() > checkpoint.encoder().maxPositions()) {
                    throw new CgloraException(
                            ErrorCode.O_RANGE,
                            "data.max_length",
                            "%d, the model has %d positions"
                                    .formatted(
                                            data.maxLength(), checkpoint.encoder().maxPositions()),
                            "at most " + checkpoint.encoder().maxPositions());
                }
                examples = Examples.read(data, modelSpec, spec.seed(), notes);
                train = examples.tokenize("train", data, tokenizer, notes);
                validation = examples.tokenize("validation", data, tokenizer, notes);
                test = examples.tokenize("test", data, tokenizer, notes);
                int largest = 0;
                for (var tokens : train.tokens()) {
                    for (int id : tokens.inputIds()) {
                        largest = Math.max(largest, id);
                    }
                }
                if (largest >= checkpoint.encoder().vocabularySize()) {
                    throw new CgloraException(
                            ErrorCode.T_VOCABULARY,
                            tokenizer.description(),
                            "token id %d, the model's vocabulary has %d"
                                    .formatted(largest, checkpoint.encoder().vocabularySize()),
                            "take the tokenizer.json that belongs to the model");
                }
            } else if (stage instanceof AdapterSpec adapter) {
                adapterSpec = adapter;
                if (adapter.method() != AdapterSpec.Method.FULL) {
                    inputs().layers(inputs().classifier());
                }
            }
        }
        checkHead();
    }

    /// Settings that the format knows and this version does not carry out, and a head that does
    /// not fit the data, are refused: never ignored.
    private void checkHead() {
        if (dataSpec != null && dataSpec.onBadRow() == DataSpec.OnBadRow.DROP) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    dataSpec.id() + ".on_bad_row",
                    "'drop' is not carried out by this version",
                    "correct the rows; use error");
        }
        List<String> saved = adapterSpec == null ? null : adapterSpec.modulesToSave().orElse(null);
        if (saved != null && !saved.equals(List.of("classifier"))) {
            throw new CgloraException(
                    ErrorCode.A_SAVED,
                    adapterSpec.id() + ".modules_to_save",
                    saved + ", this version trains and saves the head only",
                    "\"auto\" or [\"classifier\"]");
        }
        boolean hasHead = checkpoint != null && checkpoint.weights().names().contains(Inputs.HEAD);
        if (!hasHead || examples == null || modelSpec.head() == ModelSpec.Head.NEW) {
            return;
        }
        long found = checkpoint.weights().shape(Inputs.HEAD)[0];
        if (found != examples.labels().names().size()) {
            throw new CgloraException(
                    ErrorCode.M_HEAD,
                    checkpoint.description(),
                    "its head has %d labels %s, the data has %d: %s"
                            .formatted(
                                    found,
                                    checkpoint.id2label().values(),
                                    examples.labels().names().size(),
                                    String.join(", ", examples.labels().names())),
                    "\"head\": \"new\" in the model stage replaces it");
        }
    }
}
