package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.curvature.PredictionAlignment;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.PipelineReading;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// How near adapters come to the predictions of a fully fine-tuned reference, on one split of a
/// pipeline's data. `f₀` is the pipeline's model with its head as the pipeline warms it.
///
/// One model is in memory at a time; the logits of `f₀` and of the reference are kept.
public final class Alignment {
    private final PipelineReading reading;
    private final EngineChoice engine;
    private final Problems notes;
    private final PrintStream err;

    /// @param notes is given the warnings
    /// @param err   progress
    public Alignment(
            PipelineReading reading, EngineChoice engine, Problems notes, PrintStream err) {
        this.reading = reading;
        this.engine = engine;
        this.notes = notes;
        this.err = err;
    }

    /// @param reference folder of a model, of an adapter, or of a run that has one
    /// @param adapters  such folders
    /// @param split     validation or test
    /// @return the alignment of each, by its path as given
    /// @throws CgloraException D-EMPTY, P-STAGE, A-BASE, A-TENSOR, D-LABEL or O-CONFLICT where they
    ///     can't be compared
    public Map<String, PredictionAlignment> measure(
            Path reference, List<Path> adapters, EvaluateSpec.Split split) {
        try (Inputs inputs = InputCheck.read(reading.spec(), notes)) {
            Dataset data =
                    switch (split) {
                        case TRAIN -> inputs.train();
                        case VALIDATION -> inputs.validation();
                        case TEST -> inputs.test();
                    };
            if (data.size() == 0) {
                throw new CgloraException(
                        ErrorCode.D_EMPTY,
                        "--data " + split.jsonName(),
                        "the data stage has no such split",
                        "name a file for it, or take another split");
            }
            Matrix pretrained = pretrained(inputs, data);
            Matrix full = logits(inputs, data, reference);
            if (Arrays.equals(pretrained.values(), full.values())) {
                throw new CgloraException(
                        ErrorCode.O_CONFLICT,
                        reference.toString(),
                        "predicts what the base model predicts, so there is no way to measure",
                        "give a model that was trained");
            }
            var all = new LinkedHashMap<String, PredictionAlignment>();
            for (Path adapter : adapters) {
                Matrix adapted = logits(inputs, data, adapter);
                all.put(adapter.toString(), PredictionAlignment.of(pretrained, full, adapted));
            }
            return all;
        }
    }

    private Matrix pretrained(Inputs inputs, Dataset data) {
        if (inputs.headOptions().isEmpty() && !inputs.hasTrainedHead()) {
            throw new CgloraException(
                    ErrorCode.P_STAGE,
                    reading.file().toString(),
                    "the base model has no head and nothing warms one",
                    "give the pipeline an adapter stage with \"head_warmup\": \"auto\"");
        }
        var folder = new RunFolder(Path.of(inputs.spec().outputDir()).resolve("align"));
        var report = new RunReport(folder, err);
        var progress = new Progress(err, true);
        try (var run =
                new RunState(
                        inputs, reading.file(), engine, notes, progress, () -> 0, folder, report)) {
            run.session =
                    new Session(
                            engine.open(),
                            inputs.classifier(),
                            inputs.checkpoint(),
                            false,
                            inputs.hasTrainedHead());
            inputs.checkpoint().weights().release();
            new HeadStage(run).warm();
            return Matrix.of(run.evaluate(data).logits());
        }
    }

    private Matrix logits(Inputs inputs, Dataset data, Path place) {
        var base =
                new Predictor.Base(
                        inputs.modelSpec().path(), false, inputs.modelSpec().followLinks());
        try (Predictor predictor = Predictor.open(place, base, engine, notes)) {
            requireShapes(inputs, predictor, place);
            if (!predictor.labels().equals(inputs.examples().labels())) {
                throw new CgloraException(
                        ErrorCode.D_LABEL,
                        place.toString(),
                        "its classes are %s, the pipeline's are %s"
                                .formatted(
                                        predictor.labels().names(),
                                        inputs.examples().labels().names()),
                        "compare models of one task, with the classes in one order");
            }
            return Matrix.of(predictor.evaluate(inputs.batches(data), data.size()).logits());
        }
    }

    /// A whole model has no fingerprint of what it was trained from: its shapes are compared.
    private static void requireShapes(Inputs inputs, Predictor predictor, Path place) {
        Map<String, List<Integer>> expected = shapes(inputs.checkpoint());
        if (!shapes(predictor.checkpoint()).equals(expected)) {
            throw new CgloraException(
                    ErrorCode.A_BASE,
                    place.toString(),
                    "its weights have other names or shapes than " + inputs.modelSpec().path(),
                    "give a model that was trained from the pipeline's");
        }
    }

    private static Map<String, List<Integer>> shapes(PretrainedModel checkpoint) {
        return checkpoint.encoder().parameters().stream()
                .collect(
                        Collectors.toMap(
                                p -> p.name(), p -> Arrays.stream(p.extents()).boxed().toList()));
    }
}
