package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AlignSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.DataSplit;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.EvaluateSpec.Split;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Everything that the files alone can tell, before a folder is made: reads configuration,
/// headers, tokenizer and data, no weights. Goes through the stages in their order; what each kind
/// is held against is said by a class of its own.
final class InputCheck {
    private final PipelineSpec spec;
    private final Problems problems;
    private final FileStamps stamps;
    private final Inputs known;
    private final Consumer<String> progress;
    private ModelSpec modelSpec;
    private AdapterSpec adapterSpec;
    private PretrainedModel checkpoint;
    private Tokenizer tokenizer;

    /// Of the first data stage; null before it.
    private DataInput data;

    private final Map<String, DataInput> others = new LinkedHashMap<>();

    private InputCheck(
            PipelineSpec spec, Problems problems, Inputs known, Consumer<String> progress) {
        this.spec = spec;
        this.progress = progress;
        this.problems = problems;
        this.known = known;
        this.stamps = known == null ? FileStamps.of(PipelineFiles.of(spec)) : known.stamps();
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
                data == null ? null : data.spec(),
                adapterSpec,
                checkpoint,
                tokenizer,
                data == null ? null : data.examples(),
                data == null ? null : data.train(),
                data == null ? null : data.validation(),
                data == null ? null : data.test(),
                data == null ? null : data.packing(),
                others,
                stamps);
    }

    private boolean hasExamples() {
        return data != null && data.examples() != null;
    }

    private void all() {
        StageOrder.check(inputs().stages(), problems);
        stages();
        if (!problems.hasErrors() && data != null && data.train() != null) {
            problems.attempt(
                    () ->
                            Samples.sizes(
                                    inputs(),
                                    inputs().calibrateSpec().orElse(null),
                                    new Problems()));
        }
    }

    private void stages() {
        for (StageSpec stage : inputs().stages()) {
            problems.attempt(() -> stage(stage));
        }
        if (modelSpec != null) {
            ModelCheck.dtype(inputs(), problems);
        }
    }

    private void stage(StageSpec stage) {
        switch (stage) {
            case ModelSpec model -> model(model);
            case DataSpec rows when data != null -> other(rows);
            case DataSpec rows -> first(rows);
            case AdapterSpec adapter -> {
                adapterSpec = adapter;
                AdapterCheck.check(inputs(), problems);
            }
            case TrainSpec training -> {
                if (training.loadBest() != null) {
                    metrics(training.id(), "load_best", List.of(training.loadBest()));
                    measured(
                            new DataSplit(training.data(), Split.VALIDATION),
                            training.id() + ".load_best");
                }
                new TrainCheck(inputs(), training, problems).check();
            }
            case AlignSpec align -> align(align);
            case EvaluateSpec evaluate -> evaluate(evaluate);
            default -> {}
        }
    }

    private void measured(DataSplit split, String where) {
        if (data != null) {
            SplitCheck.measured(inputs().on(split.stage()), split.split(), where, problems);
        }
    }

    private void metrics(String id, String key, List<String> names) {
        MetricCheck.check(data == null ? null : data.examples(), id, key, names, problems);
    }

    private void model(ModelSpec model) {
        modelSpec = model;
        if (known != null) {
            checkpoint = known.checkpoint();
            tokenizer = known.tokenizer();
            return;
        }
        checkpoint = ModelCheck.headers(model, problems);
        problems.attempt(() -> ModelCheck.body(inputs()));
        tokenizer = checkpoint.tokenizer(model.tokenizer());
    }

    private void first(DataSpec rows) {
        if (known != null) {
            data =
                    new DataInput(
                            rows,
                            known.examples(),
                            known.train(),
                            known.validation(),
                            known.test(),
                            known.packing());
            return;
        }
        var check = new DataCheck(inputs(), rows, problems, progress);
        try {
            check.read(null);
        } finally {
            data = check.found();
            tokenizer = check.tokenizer();
        }
    }

    /// A data stage behind the first one, whose classes it has.
    private void other(DataSpec rows) {
        if (known != null) {
            others.put(rows.id(), known.others().get(rows.id()));
            return;
        }
        Labels classes = hasExamples() ? data.examples().labels() : null;
        var check = new DataCheck(inputs(), rows, problems, progress);
        try {
            check.read(classes);
        } finally {
            others.put(rows.id(), check.found());
        }
    }

    private void align(AlignSpec align) {
        if (!hasExamples() || checkpoint == null || inputs().split(align.data()) == null) {
            return;
        }
        if (inputs().split(align.data()).size() == 0) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY,
                    align.id() + ".data",
                    "'" + align.data().jsonName() + "' has no examples",
                    "take another split");
        }
        TunedModel.of(inputs(), Path.of(align.reference()), problems);
    }

    private void evaluate(EvaluateSpec evaluate) {
        measured(evaluate.data(), evaluate.id() + ".data");
        if (evaluate.metrics() != null) {
            metrics(evaluate.id(), "metrics", evaluate.metrics());
        }
        if (evaluate.from() != null
                && evaluate.from().folder() != null
                && checkpoint != null
                && hasExamples()) {
            TunedModel.of(inputs(), Path.of(evaluate.from().folder()), problems);
        }
    }
}
