package cglora.pipeline.run;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.LoraInitializer;
import cglora.models.adapter.PeftAdapter;
import cglora.models.adapter.TargetSelection;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.CurvatureSource;
import cglora.models.curvature.Damping;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.training.AdapterStart;
import cglora.models.training.CalibrationPass;
import cglora.models.training.Evaluation;
import cglora.models.training.HeadWarmup;
import cglora.models.training.Pooling;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import cglora.models.training.Trainer;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.CgSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EngineSpec;
import cglora.pipeline.spec.EvalSteps;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.HeadWarmupSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineReading;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TargetModules;
import cglora.pipeline.spec.TrainSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/// Runs the stages of a pipeline in order. What a stage makes is kept here for those behind it.
public final class Runner {
    private static final int EVALUATION_BATCH = 32;
    /// Share of the head's examples on which its ℓ₂ is chosen.
    private static final double L2_SHARE = 0.2;
    private static final String HEAD = "classifier.weight";
    private static final double VERIFY_TOLERANCE = 1e-3;

    private final PipelineSpec spec;
    private final Path file;
    private final PrintStream out;
    private final Progress progress;
    private final BooleanSupplier stop;
    private final Problems notes = new Problems();
    private int notesShown;
    private final long startNanos = System.nanoTime();

    private RunFolder folder;
    private PretrainedModel checkpoint;
    private Tokenizer tokenizer;
    private ModelSpec modelSpec;
    private DataSpec dataSpec;
    private Examples examples;
    private Dataset train;
    private Dataset validation;
    private Dataset test;
    private Session session;
    private Samples samples;
    private CurvatureSource statistics = CurvatureSource.of(Map.of());
    private AdapterSpec adapterSpec;
    private AdapterStart.Result start;
    private boolean headReady;
    private boolean interrupted;
    private Path adapterPath;
    private final Map<String, Object> metrics = new LinkedHashMap<>();
    private final List<String> table = new ArrayList<>();

    /// Examples of the training set that share none: for the head, the curvature and the step.
    private record Samples(Dataset head, Dataset headHeldOut, Dataset curvature, Dataset step) {}

    /// @param out  results
    /// @param err  everything else
    /// @param stop asked before every training step
    public Runner(
            PipelineReading reading,
            PrintStream out,
            PrintStream err,
            boolean quiet,
            BooleanSupplier stop) {
        this.spec = reading.spec();
        this.file = reading.file();
        this.out = out;
        this.progress = new Progress(err, quiet);
        this.stop = stop;
        reading.warnings().forEach(w -> notes.warning(w.code(), w.where(), w.what(), w.fix()));
    }

    /// Runs all stages.
    ///
    /// @return the exit status
    public int run() {
        requireEngine();
        List<StageSpec> stages = spec.stages().stream().filter(StageSpec::when).toList();
        checkInputs(stages);
        folder = new RunFolder(Path.of(spec.outputDir()));
        try {
            folder.writeText("pipeline.json", PipelineWriter.write(spec, folder.path()));
            progress.note("run %s   engine jvm   seed %d", relative(folder.path()), spec.seed());
            folder.event("run", Map.of("name", spec.name(), "seed", spec.seed()));
            for (int i = 0; i < stages.size(); i++) {
                stage(stages.get(i), i + 1, stages.size());
                if (interrupted && stages.stream().noneMatch(ExportSpec.class::isInstance)) {
                    export(
                            new ExportSpec(
                                    null,
                                    true,
                                    ExportSpec.Format.PEFT,
                                    ExportSpec.Scaling.KEEP,
                                    false));
                }
            }
            finish();
            return interrupted ? 130 : 0;
        } catch (CgloraException e) {
            folder.event(
                    "end",
                    Map.of("exit", e.exitStatus(), "reason", e.problems().getFirst().what()));
            throw e;
        } finally {
            close();
        }
    }

    /// Prints what a run would take; runs nothing, writes nothing.
    void plan() {
        requireEngine();
        List<StageSpec> stages = spec.stages().stream().filter(StageSpec::when).toList();
        checkInputs(stages);
        var engine = new NullEngine();
        boolean full = adapterSpec != null && adapterSpec.method() == AdapterSpec.Method.FULL;
        session = new Session(engine, classifier(), checkpoint, full);
        if (adapterSpec != null && !full) {
            session.addAdapters(layers(session.model()));
        }
        long base = session.model().bodyParameters().stream().mapToLong(p -> p.size()).sum();
        for (StageSpec stage : stages) {
            if (stage instanceof TrainSpec t) {
                Trainer.Options options = trainerOptions(t);
                new Trainer(session, options);
                int[] buckets = evaluationBatcher(1).buckets();
                int widest = buckets[buckets.length - 1];
                for (int bucket : buckets) {
                    if (train.longest() <= bucket) {
                        widest = bucket;
                        break;
                    }
                }
                var program = session.plannedTraining(t.perDeviceBatchSize(), widest);
                out.printf(
                        java.util.Locale.ROOT,
                        "parameters   %.2f M base   %.3f M trained (%.2f %%)%n",
                        base / 1e6,
                        session.trainedParameters() / 1e6,
                        100.0 * session.trainedParameters() / base);
                out.printf(
                        "steps        %d of %d examples, %d launches each%n",
                        options.steps(),
                        t.perDeviceBatchSize() * t.gradientAccumulationSteps(),
                        program.launches().size());
                out.printf(
                        java.util.Locale.ROOT,
                        "memory       %.1f MiB at train, batch %d x %d: weights, gradients and"
                                + " optimizer %.1f  adapters %.1f  activations %.1f%n",
                        (session.persistentBytes()
                                        + session.adapterBytes()
                                        + program.scratchBytes())
                                / 1048576.0,
                        t.perDeviceBatchSize(),
                        widest,
                        session.persistentBytes() / 1048576.0,
                        session.adapterBytes() / 1048576.0,
                        program.scratchBytes() / 1048576.0);
            }
        }
        session.close();
        tokenizer.close();
        checkpoint.close();
    }

    private void requireEngine() {
        if (spec.engine().type() == EngineSpec.Type.TORNADO) {
            throw new CgloraException(
                    ErrorCode.V_ENGINE,
                    "engine.type",
                    "the tornado engine is not there yet; this version has jvm",
                    "--set engine.type=jvm");
        }
    }

    /// Everything that the files alone can tell, before a folder is made.
    private void checkInputs(List<StageSpec> stages) {
        for (StageSpec stage : stages) {
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
                    layers(classifier());
                }
            }
        }
        checkHead();
        showNotes();
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
        boolean hasHead = checkpoint != null && checkpoint.weights().names().contains(HEAD);
        if (!hasHead || examples == null || modelSpec.head() == ModelSpec.Head.NEW) {
            return;
        }
        long found = checkpoint.weights().shape(HEAD)[0];
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

    private void showNotes() {
        List<Problem> warnings = notes.warnings();
        for (; notesShown < warnings.size(); notesShown++) {
            progress.note("%s", warnings.get(notesShown).render("warning"));
            if (folder != null) {
                Problem w = warnings.get(notesShown);
                folder.event(
                        "warning",
                        Map.of("code", w.code().toString(), "where", w.where(), "what", w.what()));
            }
        }
    }

    private void stage(StageSpec stage, int number, int of) {
        long begin = System.nanoTime();
        String detail =
                switch (stage) {
                    case ModelSpec _ -> model();
                    case DataSpec _ -> data();
                    case CalibrateSpec calibrate -> calibrate(calibrate);
                    case AdapterSpec adapter -> adapter(adapter);
                    case TrainSpec training -> train(training);
                    case EvaluateSpec evaluate -> evaluate(evaluate);
                    case ExportSpec export -> export(export);
                };
        double seconds = (System.nanoTime() - begin) * 1e-9;
        progress.note(
                "[%d/%d] %-10s %6s   %s", number, of, stage.id(), Progress.time(seconds), detail);
        folder.event("stage", Map.of("stage", stage.id(), "seconds", seconds, "detail", detail));
        showNotes();
    }

    private SequenceClassifier classifier() {
        Pooling pooling =
                switch (modelSpec.pooling()) {
                    case AUTO -> checkpoint.hasPooler() ? Pooling.POOLER : Pooling.MEAN;
                    case MEAN -> Pooling.MEAN;
                    case CLS -> Pooling.CLS;
                    case POOLER -> Pooling.POOLER;
                };
        if (pooling == Pooling.POOLER && !checkpoint.hasPooler()) {
            throw new CgloraException(
                    ErrorCode.M_TENSOR,
                    checkpoint.description(),
                    "has no pooler",
                    "\"pooling\": \"mean\" or \"cls\"");
        }
        Labels labels = examples.labels();
        return new SequenceClassifier(checkpoint.encoder(), pooling, labels);
    }

    private String model() {
        long count = checkpoint.encoder().parameters().stream().mapToLong(p -> p.size()).sum();
        return "%s  %s, %d linear layers, %.1f M parameters"
                .formatted(
                        checkpoint.description(),
                        checkpoint.encoder().modelType(),
                        checkpoint.encoder().linearModules().size(),
                        count / 1e6);
    }

    private String data() {
        int threads =
                spec.engine().threads() == null
                        ? Runtime.getRuntime().availableProcessors()
                        : spec.engine().threads();
        boolean full = adapterSpec != null && adapterSpec.method() == AdapterSpec.Method.FULL;
        session =
                new Session(
                        new JvmEngine(threads), classifier(), checkpoint, full, hasTrainedHead());
        folder.writeJson("run.json", record(threads));
        return "train %d  validation %d  test %d examples, %d classes, longest %d tokens"
                .formatted(
                        train.size(),
                        validation.size(),
                        test.size(),
                        examples.labels().names().size(),
                        train.longest());
    }

    private Map<String, Object> record(int threads) {
        var record = new LinkedHashMap<String, Object>();
        record.put("cglora", 1);
        record.put("java", System.getProperty("java.vm.version"));
        record.put("engine", session.engine().description());
        record.put("engine_asked", spec.engine().type().jsonName());
        record.put("threads", threads);
        record.put("seed", spec.seed());
        record.put("pipeline", file.getFileName().toString());
        record.put("model", checkpoint.description());
        record.put("labels", examples.labels().names());
        return record;
    }

    private Batcher evaluationBatcher(int size) {
        int[] buckets =
                dataSpec.buckets().isAuto()
                        ? Batcher.defaultBuckets(dataSpec.maxLength())
                        : dataSpec.buckets().orElse(List.of()).stream()
                                .mapToInt(Integer::intValue)
                                .toArray();
        return new Batcher(size, buckets, checkpoint.padTokenId());
    }

    private Evaluation evaluate(Dataset data) {
        return session.evaluate(evaluationBatcher(EVALUATION_BATCH).sequential(data), data.size());
    }

    private Samples samples(CalibrateSpec calibrate) {
        if (samples == null) {
            int head = headOptions().map(HeadWarmupSpec::examples).orElse(0);
            int heldOut = (int) Math.round(L2_SHARE * head);
            int curvature = calibrate == null ? 0 : calibrate.samples();
            int step = calibrate == null ? 0 : calibrate.stepSamples();
            int wanted = head + heldOut + curvature + step;
            double share = Math.min(1, (double) train.size() / Math.max(1, wanted));
            if (share < 1) {
                notes.warning(
                        ErrorCode.N_CALIBRATION,
                        "calibrate",
                        ("head, curvature and step want %d examples that they do not share; the"
                                        + " training set has %d, so each gets %.0f %% of its wish")
                                .formatted(wanted, train.size(), 100 * share),
                        "");
            }
            Dataset order = train.select(Batcher.draw(train.size(), train.size(), spec.seed()));
            int a = (int) (share * head);
            int b = a + (int) (share * heldOut);
            int c = b + (int) (share * curvature);
            int d = c + (int) (share * step);
            samples =
                    new Samples(
                            order.slice(0, a),
                            order.slice(a, b),
                            order.slice(b, c),
                            order.slice(c, d));
        }
        return samples;
    }

    private Optional<CalibrateSpec> calibrateSpec() {
        return spec.stages().stream()
                .filter(s -> s.when() && s instanceof CalibrateSpec)
                .map(CalibrateSpec.class::cast)
                .findFirst();
    }

    private Optional<HeadWarmupSpec> headOptions() {
        if (adapterSpec == null) {
            return Optional.empty();
        }
        return switch (adapterSpec.headWarmup()) {
            case cglora.pipeline.spec.HeadWarmup.Auto _ when hasTrainedHead() -> Optional.empty();
            case cglora.pipeline.spec.HeadWarmup.Auto _ ->
                    Optional.of(new HeadWarmupSpec(512, new cglora.pipeline.spec.AutoOr.Auto<>()));
            case cglora.pipeline.spec.HeadWarmup.Off _ -> Optional.empty();
            case cglora.pipeline.spec.HeadWarmup.On(HeadWarmupSpec options) -> Optional.of(options);
        };
    }

    /// Whether the checkpoint brings a head that is to be kept.
    private boolean hasTrainedHead() {
        return modelSpec.head() == ModelSpec.Head.AUTO
                && checkpoint.weights().names().contains(HEAD);
    }

    /// Fits the head on features of the base model, once, before anything depends on it.
    private void warmHead() {
        if (headReady) {
            return;
        }
        headReady = true;
        Optional<HeadWarmupSpec> options = headOptions();
        if (options.isEmpty()) {
            return;
        }
        Samples s = samples(calibrateSpec().orElse(null));
        Batcher batcher = evaluationBatcher(EVALUATION_BATCH);
        float[][] features = session.features(batcher.sequential(s.head()), s.head().size());
        float[][] other =
                session.features(batcher.sequential(s.headHeldOut()), s.headHeldOut().size());
        HeadWarmup warmup =
                options.get().l2().isAuto()
                        ? HeadWarmup.defaults()
                        : HeadWarmup.fixed(options.get().l2().orElse(0.1));
        HeadWarmup.Head head =
                examples.labels().regression()
                        ? warmup.regression(
                                features, s.head().targets(), other, s.headHeldOut().targets())
                        : warmup.classification(
                                features,
                                s.head().labels(),
                                session.model().outputs(),
                                other,
                                s.headHeldOut().labels());
        session.write("classifier.weight", head.weight());
        session.write("classifier.bias", head.bias());
        folder.event(
                "head",
                Map.of(
                        "l2", head.l2(),
                        "train_loss", head.trainLoss(),
                        "held_out_loss", head.heldOutLoss()));
        progress.note(
                "      head       warm: l2 %s, loss %.3f on its %d examples, %.3f on others",
                head.l2(), head.trainLoss(), s.head().size(), head.heldOutLoss());
        baseline("head only");
    }

    private void baseline(String name) {
        Dataset data = reported();
        if (data.size() > 0) {
            remember(name, evaluate(data).metrics(data, examples.labels()));
        }
    }

    /// The split that the final table shows: test where there is one.
    private Dataset reported() {
        return test.size() > 0 ? test : validation;
    }

    private void remember(String name, Map<String, Double> values) {
        metrics.put(name, values);
        var line = new StringBuilder("%-22s".formatted(name));
        values.forEach(
                (metric, value) ->
                        line.append("  ")
                                .append(metric)
                                .append(' ')
                                .append(String.format(java.util.Locale.ROOT, "%.4f", value)));
        table.add(line.toString());
        var event = new LinkedHashMap<String, Object>(values);
        event.put("state", name);
        folder.event("eval", event);
    }

    private String calibrate(CalibrateSpec calibrate) {
        warmHead();
        Samples s = samples(calibrate);
        List<LoraLayer> layers = layers(session.model());
        Batcher batcher = evaluationBatcher(EVALUATION_BATCH);
        List<Batch> batches = batcher.sequential(s.curvature());
        List<Batch> curvature = batches;
        if (calibrate.fisher() == CalibrateSpec.Fisher.MC) {
            curvature = batcher.sequential(sampled(s.curvature()));
        }
        var pass = new CalibrationPass(session, layers.stream().map(LoraLayer::module).toList());
        int tokens = batches.stream().mapToInt(Batch::tokens).sum();
        boolean reduce = calibrate.sharing() == CalibrateSpec.Sharing.REDUCE;
        boolean gram = isImplicit(calibrate, tokens);
        int count = s.curvature().size();
        if (gram || reduce) {
            statistics =
                    CalibrationPass.implicit(
                            pass.tokens(batches, curvature, count),
                            reduce ? WeightSharing.REDUCE : WeightSharing.EXPAND,
                            gram);
        } else {
            statistics = pass.factored(batches, curvature, count);
        }
        return "%d examples, %d tokens, %d layers, %s, %s"
                .formatted(
                        count,
                        tokens,
                        layers.size(),
                        calibrate.fisher().jsonName(),
                        gram ? "implicit" : "factored");
    }

    /// The implicit form pays where the tokens are fewer than the features.
    private boolean isImplicit(CalibrateSpec calibrate, int tokens) {
        return switch (calibrate.form()) {
            case AUTO -> tokens < session.model().encoder().hiddenSize();
            case FACTORED -> false;
            case IMPLICIT -> true;
        };
    }

    /// The examples with labels drawn from the model's own predictions.
    private Dataset sampled(Dataset data) {
        Evaluation evaluation = evaluate(data);
        var random = new java.util.SplittableRandom(spec.seed());
        int[] labels = new int[data.size()];
        for (int i = 0; i < labels.length; i++) {
            float[] logits = evaluation.logits()[i];
            double max = Double.NEGATIVE_INFINITY;
            for (float logit : logits) {
                max = Math.max(max, logit);
            }
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit - max);
            }
            double left = random.nextDouble() * sum;
            while (labels[i] < logits.length - 1
                    && (left -= Math.exp(logits[labels[i]] - max)) > 0) {
                labels[i]++;
            }
        }
        return new Dataset(data.tokens(), labels, data.targets(), data.truncated(), data.longest());
    }

    private List<LoraLayer> layers(SequenceClassifier model) {
        AdapterSpec a = adapterSpec;
        return TargetSelection.select(
                model.linearModules(),
                target(a.targetModules(), checkpoint.encoder().defaultTargetModules()),
                a.excludeModules() == null ? null : target(a.excludeModules(), List.of()),
                new TargetSelection.Options(
                        a.r(),
                        a.loraAlpha(),
                        a.useRslora(),
                        a.loraDropout(),
                        a.rankPattern(),
                        a.alphaPattern(),
                        isWhitened(a)));
    }

    private static boolean isWhitened(AdapterSpec a) {
        return a.method() == AdapterSpec.Method.CG_LORA
                && a.cg().coordinates() == CgSpec.Coordinates.WHITENED
                && !a.cg().shift();
    }

    private static TargetSelection.Target target(TargetModules spec, List<String> byDefault) {
        return switch (spec) {
            case null -> new TargetSelection.Target.Names(byDefault);
            case TargetModules.AllLinear() -> new TargetSelection.Target.AllLinear();
            case TargetModules.Matching(String regex) -> new TargetSelection.Target.Matching(regex);
            case TargetModules.Names(List<String> names) -> new TargetSelection.Target.Names(names);
        };
    }

    private String adapter(AdapterSpec adapter) {
        warmHead();
        if (adapter.method() == AdapterSpec.Method.FULL) {
            return "full: every weight is trained";
        }
        List<LoraLayer> layers = layers(session.model());
        session.addAdapters(layers);
        var starter = new AdapterStart(session, notes);
        String what =
                adapter.method().jsonName()
                        + " r "
                        + adapter.r()
                        + "  "
                        + layers.size()
                        + " modules";
        if (adapter.method() == AdapterSpec.Method.LORA) {
            start =
                    starter.lora(
                            new LoraInitializer(
                                    adapter.initLoraWeights()
                                                    == AdapterSpec.InitLoraWeights.GAUSSIAN
                                            ? LoraInitializer.Distribution.GAUSSIAN
                                            : LoraInitializer.Distribution.KAIMING_UNIFORM),
                            spec.seed());
            return what;
        }
        CgSpec cg = adapter.cg();
        Samples s = samples(calibrateSpec().orElse(null));
        Batcher batcher = evaluationBatcher(EVALUATION_BATCH);
        start =
                starter.cgLora(
                        new CgLoraInitializer(
                                new Damping(
                                        Damping.Type.valueOf(cg.dampingType().name()),
                                        cg.damping()),
                                cg.pA(),
                                cg.pS(),
                                statistics.isImplicit()
                                        ? CgLoraInitializer.Form.TOKENS
                                        : CgLoraInitializer.Form.FACTORED,
                                cg.shift(),
                                CgLoraInitializer.Scale.valueOf(cg.scale().name()),
                                cg.stepSize() == null ? 1 : cg.stepSize()),
                        statistics,
                        AdapterStart.Step.valueOf(cg.step().name()),
                        sample(batcher, s.curvature()),
                        sample(batcher, s.step()),
                        spec.seed());
        statistics = CurvatureSource.of(Map.of());
        baseline("after initialisation");
        if (start.step() == null) {
            return what + "  largest step %.3f of a weight".formatted(start.largest());
        }
        double best = start.step().trials().stream().mapToDouble(t -> t.loss()).min().orElse(0);
        folder.event(
                "init",
                Map.of(
                        "eta_quadratic", start.quadratic(),
                        "eta", start.step().eta(),
                        "held_out_before", start.step().lossBefore(),
                        "held_out_after", best));
        return what
                + "  held-out loss %.3f -> %.3f (step %.4g x quadratic, %d unseen examples)"
                        .formatted(
                                start.step().lossBefore(),
                                best,
                                start.step().eta() / start.quadratic(),
                                s.step().size());
    }

    private static AdapterStart.Sample sample(Batcher batcher, Dataset data) {
        return new AdapterStart.Sample(batcher.sequential(data), data);
    }

    /// Rates that measurement chose for each method.
    private double automaticRate() {
        if (adapterSpec == null || adapterSpec.method() == AdapterSpec.Method.FULL) {
            return 4e-4;
        }
        if (adapterSpec.method() == AdapterSpec.Method.LORA || !adapterSpec.cg().shift()) {
            return isWhitened(adapterSpec) ? 4e-3 : 2e-3;
        }
        return 1e-3;
    }

    private Trainer.Options trainerOptions(TrainSpec t) {
        int perEpoch = stepsPerEpoch(t);
        int steps =
                t.maxSteps() != null
                        ? t.maxSteps()
                        : (int) Math.max(1, Math.round(t.epochs() * perEpoch));
        int warmup =
                t.warmupSteps() != null
                        ? t.warmupSteps()
                        : (int) Math.round((t.warmupRatio() == null ? 0 : t.warmupRatio()) * steps);
        int every =
                switch (t.evalSteps()) {
                    case null -> 0;
                    case EvalSteps.Epoch() -> perEpoch;
                    case EvalSteps.Every(int n) -> n;
                };
        double rate = t.learningRate().orElse(automaticRate());
        double headRate = t.headLearningRate() == null ? 1e-3 : t.headLearningRate();
        return new Trainer.Options(
                steps,
                t.gradientAccumulationSteps(),
                rate,
                headRate,
                t.weightDecay(),
                t.adamBeta1(),
                t.adamBeta2(),
                t.adamEpsilon(),
                t.maxGradNorm(),
                Trainer.Schedule.valueOf(t.scheduler().name()),
                warmup,
                validation.size() == 0 ? 0 : every,
                t.loadBest(),
                spec.seed());
    }

    private int stepsPerEpoch(TrainSpec t) {
        return Trainer.stepsPerEpoch(
                train.size(), t.perDeviceBatchSize(), t.gradientAccumulationSteps());
    }

    private String train(TrainSpec t) {
        warmHead();
        Batcher batcher = evaluationBatcher(t.perDeviceBatchSize());
        Trainer.Options options = trainerOptions(t);
        int steps = options.steps();
        double rate = options.learningRate();
        var trainer = new Trainer(session, options);
        Dataset watched =
                t.evalExamples() == null || t.evalExamples() >= validation.size()
                        ? validation
                        : validation.slice(0, t.evalExamples());
        var listener = new TrainingLog(steps, t.loggingSteps());
        Trainer.Result result =
                trainer.run(
                        train,
                        batcher,
                        () -> evaluate(watched).metrics(watched, examples.labels()),
                        stop,
                        listener);
        interrupted = result.interrupted();
        return "%d/%d steps  lr %.2g  loss %.3f%s%s"
                .formatted(
                        result.steps(),
                        steps,
                        rate,
                        listener.smoothed,
                        result.bestStep() == result.steps()
                                ? ""
                                : "  best state of step " + result.bestStep(),
                        interrupted ? "  interrupted: what was learnt is kept" : "");
    }

    /// Shows and records training.
    private final class TrainingLog implements Trainer.Listener {
        private final int steps;
        private final int every;
        private final long begin = System.nanoTime();
        private double smoothed = Double.NaN;
        private double examplesSeen;

        TrainingLog(int steps, int every) {
            this.steps = steps;
            this.every = every;
        }

        @Override
        public void step(Trainer.Step step) {
            smoothed = Double.isNaN(smoothed) ? step.loss() : 0.9 * smoothed + 0.1 * step.loss();
            examplesSeen += step.examples();
            double seconds = (System.nanoTime() - begin) * 1e-9;
            double left = seconds / step.step() * (steps - step.step());
            if (step.step() % every == 0 || step.step() == steps || step.step() == 1) {
                var event = new LinkedHashMap<String, Object>();
                event.put("step", step.step());
                event.put("epoch", step.epoch());
                event.put("loss", step.loss());
                event.put("lr", step.learningRate());
                event.put("grad_norm", step.gradNorm());
                event.put("tokens", step.tokens());
                event.put("padding", 1 - (double) step.tokens() / step.positions());
                event.put("ms", step.nanos() * 1e-6);
                folder.event("step", event);
            }
            progress.update(
                    step.step() == steps,
                    "train %d/%d ep %.2f | loss %.3f ema %.3f | lr %.1e | grad %.2f | %.0f ex/s |"
                            + " eta %s",
                    step.step(),
                    steps,
                    step.epoch(),
                    step.loss(),
                    smoothed,
                    step.learningRate(),
                    step.gradNorm(),
                    examplesSeen / seconds,
                    Progress.time(left));
        }

        @Override
        public void evaluation(int step, Map<String, Double> values, boolean best) {
            var event = new LinkedHashMap<String, Object>(values);
            event.put("step", step);
            event.put("best", best);
            folder.event("eval", event);
            progress.note(
                    "      eval %d/%d  %s%s",
                    step, steps, describe(values), best ? "  (best)" : "");
        }
    }

    private static String describe(Map<String, Double> values) {
        var text = new StringBuilder();
        values.forEach(
                (name, value) ->
                        text.append(
                                String.format(java.util.Locale.ROOT, "%s %.4f  ", name, value)));
        return text.toString().stripTrailing();
    }

    private String evaluate(EvaluateSpec evaluate) {
        Dataset data =
                switch (evaluate.data()) {
                    case TRAIN -> train;
                    case VALIDATION -> validation;
                    case TEST -> test;
                };
        if (data.size() == 0) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY,
                    "evaluate.data",
                    "the data stage has no such split",
                    "name a file for it");
        }
        Evaluation evaluation = evaluate(data);
        Map<String, Double> all = evaluation.metrics(data, examples.labels());
        Map<String, Double> chosen = new LinkedHashMap<>();
        all.forEach(
                (name, value) -> {
                    if (evaluate.metrics() == null || evaluate.metrics().contains(name)) {
                        chosen.put(name, value);
                    }
                });
        remember("after training, " + evaluate.data().jsonName(), chosen);
        return evaluate.data().jsonName() + "  " + describe(chosen);
    }

    private String export(ExportSpec export) {
        if (adapterSpec == null || adapterSpec.method() == AdapterSpec.Method.FULL) {
            return "nothing: no adapter";
        }
        var layers = new TreeMap<String, PeftAdapter.Layer>();
        Map<String, LoraFactors> effective = AdapterStart.effective(session, start.shifted());
        for (LoraLayer layer : session.adapters().values()) {
            String name = layer.module().name();
            LoraFactors f = effective.get(name);
            int r = f.loraA().length / layer.module().in();
            layers.put(
                    name,
                    new PeftAdapter.Layer(
                            layer.module().in(),
                            layer.module().out(),
                            r,
                            layer.scaling(),
                            adapterSpec.useRslora(),
                            f.loraA(),
                            f.loraB()));
        }
        var saved = new TreeMap<String, float[]>();
        var shapes = new TreeMap<String, int[]>();
        for (var parameter : session.model().headParameters()) {
            saved.put(parameter.name(), session.read(parameter.name()));
            shapes.put(parameter.name(), parameter.extents());
        }
        requireFinite(layers, saved);
        var adapter =
                new PeftAdapter(
                        layers,
                        saved,
                        shapes,
                        checkpoint.description(),
                        Map.of(
                                "cglora.labels", String.join("\n", examples.labels().names()),
                                "cglora.pooling", session.model().pooling().name(),
                                "cglora.regression", "" + examples.labels().regression(),
                                "cglora.max_length", "" + dataSpec.maxLength(),
                                "cglora.tokenizer", "" + modelSpec.tokenizer()));
        Path target = folder.resolve("adapter");
        Path temporary = folder.resolve("adapter.tmp");
        try {
            Files.createDirectories(temporary);
            adapter.write(temporary, adapterSpec.loraDropout());
            String verified = export.verify() ? "  " + verify(temporary, target) : "";
            Files.move(temporary, target, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            adapterPath = target;
            return relative(target) + verified;
        } catch (IOException e) {
            throw folder.diskError(e);
        }
    }

    private void requireFinite(Map<String, PeftAdapter.Layer> layers, Map<String, float[]> saved) {
        var all = new LinkedHashMap<String, float[]>(saved);
        layers.forEach(
                (name, layer) -> {
                    all.put(name + ".lora_A", layer.loraA());
                    all.put(name + ".lora_B", layer.loraB());
                });
        all.forEach(
                (name, values) -> {
                    for (float value : values) {
                        if (!Float.isFinite(value)) {
                            throw new CgloraException(
                                    ErrorCode.A_VERIFY,
                                    name,
                                    "the trained adapter holds NaN or infinity; nothing is written",
                                    "lower train.learning_rate");
                        }
                    }
                });
    }

    /// Reads the files back on the original base and compares the logits.
    private String verify(Path written, Path target) throws IOException {
        Dataset data = reported().size() > 0 ? reported() : train;
        Dataset few = data.slice(0, Math.min(32, data.size()));
        float[][] expected = evaluate(few).logits();
        double largest = 0;
        double scale = 0;
        PeftAdapter adapter = PeftAdapter.read(written);
        try (var fresh =
                new Session(
                        new JvmEngine(session.engine().parallelism()),
                        session.model(),
                        checkpoint,
                        false)) {
            AdapterLoading.load(fresh, adapter, written.toString());
            float[][] logits =
                    fresh.evaluate(evaluationBatcher(EVALUATION_BATCH).sequential(few), few.size())
                            .logits();
            for (int i = 0; i < logits.length; i++) {
                for (int c = 0; c < logits[i].length; c++) {
                    largest = Math.max(largest, Math.abs(logits[i][c] - expected[i][c]));
                    scale = Math.max(scale, Math.abs(expected[i][c]));
                }
            }
        }
        if (!(largest <= VERIFY_TOLERANCE * Math.max(1, scale))) {
            Path rejected = target.resolveSibling("adapter.rejected");
            Files.move(written, rejected);
            throw new CgloraException(
                    ErrorCode.A_VERIFY,
                    rejected.toString(),
                    "the adapter, read back, gives logits that differ by " + largest,
                    "please report it; the files are kept for a look");
        }
        return "verified: reloaded on the original base, logits differ by %.1e".formatted(largest);
    }

    private void finish() {
        double seconds = (System.nanoTime() - startNanos) * 1e-9;
        metrics.put("seconds", seconds);
        metrics.put("peak_rss_mib", PeakMemory.residentMiB());
        folder.writeJson("metrics.json", metrics);
        folder.event("end", Map.of("exit", interrupted ? 130 : 0, "seconds", seconds));
        folder.markLatest();
        table.forEach(out::println);
        out.printf(
                java.util.Locale.ROOT,
                "%s   %s   peak memory %.0f MiB   run %s%n",
                interrupted ? "interrupted" : "done",
                Progress.time(seconds),
                PeakMemory.residentMiB(),
                relative(folder.path()));
        if (adapterPath != null) {
            out.printf("adapter %s%n", relative(adapterPath));
            out.printf("next: cglora predict %s --text \"...\"%n", relative(adapterPath));
        }
    }

    private static String relative(Path path) {
        Path here = Path.of("").toAbsolutePath();
        Path absolute = path.toAbsolutePath().normalize();
        return absolute.startsWith(here)
                ? here.relativize(absolute).toString()
                : absolute.toString();
    }

    private void close() {
        if (session != null) {
            session.close();
        }
        if (tokenizer != null) {
            tokenizer.close();
        }
        if (checkpoint != null) {
            checkpoint.close();
        }
        folder.close();
    }
}
