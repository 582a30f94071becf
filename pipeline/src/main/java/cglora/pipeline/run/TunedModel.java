package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.Base;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.LinearModule;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import cglora.models.training.Evaluation;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.ModelSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// A folder with a model or an adapter that was trained from a pipeline's base model, for its
/// classes. It holds nothing in memory: what is asked for is read then.
final class TunedModel {
    private final Inputs inputs;
    private final Supplier<String> fingerprint;
    private final Path given;
    private final Path place;
    private final boolean whole;

    private TunedModel(Inputs inputs, Supplier<String> fingerprint, Path given) {
        this.inputs = inputs;
        this.fingerprint = fingerprint;
        this.given = given;
        this.place = Predictor.place(given);
        this.whole = Predictor.isWhole(place);
    }

    /// Reads configuration and headers.
    ///
    /// @param given folder of a model with its head, of an adapter, or of a run that has one
    /// @param notes is given the warnings
    /// @throws CgloraException M-PATH, M-HEAD, A-BASE, D-LABEL, or what reading ends in
    static TunedModel of(Inputs inputs, Path given, Problems notes) {
        return all(inputs, List.of(given), notes).getFirst();
    }

    /// The same for several folders.
    ///
    /// @throws CgloraException with everything that is wrong with any of them
    static List<TunedModel> all(Inputs inputs, List<Path> given, Problems notes) {
        var problems = new Problems();
        var base = new String[1];
        Supplier<String> fingerprint =
                () -> {
                    if (base[0] == null) {
                        base[0] = inputs.checkpoint().fingerprint();
                        inputs.checkpoint().weights().release();
                    }
                    return base[0];
                };
        var all = new ArrayList<TunedModel>();
        for (Path path : given) {
            var tuned = new TunedModel(inputs, fingerprint, path);
            try {
                tuned.require(notes);
            } catch (CgloraException e) {
                problems.error(e);
            }
            all.add(tuned);
        }
        problems.throwIfAny();
        return all;
    }

    private void require(Problems notes) {
        if (!whole && !Files.isRegularFile(place.resolve(PeftAdapter.CONFIG))) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    given.toString(),
                    Files.exists(given)
                            ? "holds no model, no adapter, and neither model nor adapter of a run"
                            : "is not there",
                    "give the folder of a tuned model or adapter, or of the run that made it");
        }
        if (whole) {
            requireModel(notes);
        } else {
            requireAdapter(notes);
        }
    }

    Path given() {
        return given;
    }

    private void requireModel(Problems notes) {
        try (PretrainedModel model = PretrainedModel.load(place.toString(), Map.of(), links())) {
            if (inputs.isOfTokens()) {
                requireTask(model);
            } else if (!model.hasHead()) {
                throw new CgloraException(
                        ErrorCode.M_HEAD,
                        given.toString(),
                        "the model brings no head, so it predicts nothing",
                        "give a model that was fine-tuned for the pipeline's classes");
            }
            if (!shapes(model).equals(shapes(inputs.checkpoint()))) {
                throw new CgloraException(
                        ErrorCode.A_BASE,
                        given.toString(),
                        "its weights have other names or shapes than those of "
                                + inputs.checkpoint().description(),
                        "give a model that was trained from the pipeline's");
            }
            String base = model.config().path("cglora").path(SavedModel.BASE).asString(null);
            requireBase(base, notes);
            if (inputs.tags()) {
                int tags = model.tokenHead().outputs();
                requireClasses(SavedModel.tags(model, tags), notes);
            } else if (!inputs.writes()) {
                requireClasses(SavedModel.labels(model, model.headOutputs()), notes);
            }
        }
    }

    private void requireTask(PretrainedModel model) {
        boolean fits =
                inputs.tags()
                        ? TaggingPredictor.isTagger(model) && model.tokenHead().isThere()
                        : WritingPredictor.isWriter(model);
        if (!fits) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    given.toString(),
                    "its class is not one for task " + inputs.modelSpec().task().jsonName(),
                    "give a model of this task, or its task to the model stage");
        }
    }

    private static Map<String, List<Integer>> shapes(PretrainedModel checkpoint) {
        return checkpoint.body().parameters().stream()
                .collect(
                        Collectors.toMap(
                                ParameterSpec::name,
                                p -> Arrays.stream(p.extents()).boxed().toList()));
    }

    private void requireAdapter(Problems notes) {
        PeftAdapter adapter = PeftAdapter.read(place);
        AdapterMetadata trained = AdapterMetadata.of(adapter);
        requireBase(trained.baseSha256(), notes);
        requireTask(adapter);
        if (inputs.writes()) {
            return;
        }
        int outputs = Predictor.headShape(adapter, inputs.head(), place)[0];
        Labels labels =
                trained.labels().orElseGet(() -> SavedModel.labels(inputs.checkpoint(), outputs));
        requireClasses(inputs.tags() ? labels.asTags() : labels, notes);
    }

    /// An adapter of a model that writes has no head to tell by, and the heads of sequences and of
    /// tokens have the same names. Adapters for classes of sequences need not say so.
    private void requireTask(PeftAdapter adapter) {
        String task = adapter.metadata().get(PeftAdapter.TASK);
        String expected = inputs.modelSpec().task().jsonName();
        String tags = ModelSpec.Task.TOKEN_CLS.jsonName();
        if (inputs.isOfTokens() ? !expected.equals(task) : tags.equals(task)) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    given.toString(),
                    "is for task %s, the pipeline's is %s".formatted(task, expected),
                    "give an adapter of this task, or its task to the model stage");
        }
    }

    /// @param expected fingerprint of the base that it says it was trained from; null for none
    private void requireBase(String expected, Problems notes) {
        if (expected == null) {
            notes.warning(
                    ErrorCode.A_BASE,
                    given.toString(),
                    "it does not say which weights it was trained from; taken for "
                            + inputs.checkpoint().description(),
                    "");
            return;
        }
        String found = fingerprint.get();
        if (!found.equals(expected)) {
            throw new CgloraException(
                    ErrorCode.A_BASE,
                    given.toString(),
                    "trained from weights with SHA-256 %.12s…, those of %s are %.12s…"
                            .formatted(expected, inputs.checkpoint().description(), found),
                    "compare models that were trained from the pipeline's");
        }
    }

    /// The same names in the same order; where one side only numbers its classes, as many.
    private void requireClasses(Labels found, Problems notes) {
        Labels expected = inputs.examples().labels();
        if (found.equals(expected)) {
            return;
        }
        boolean numbered =
                expected.isNumbered()
                        || found.names().stream().allMatch(name -> name.startsWith("LABEL_"));
        boolean alike =
                found.names().size() == expected.names().size()
                        && (found.regression() == expected.regression() || expected.regression());
        if (!numbered || !alike) {
            throw new CgloraException(
                    ErrorCode.D_LABEL,
                    given.toString(),
                    "its classes are %s, the pipeline's are %s"
                            .formatted(found.names(), expected.names()),
                    "compare models of one task, with the classes in one order");
        }
        if (!expected.regression()) {
            notes.warning(
                    ErrorCode.D_LABEL,
                    given.toString(),
                    "its classes are called %s; taken for %s in this order"
                            .formatted(found.names(), expected.names()),
                    "");
        }
    }

    private boolean links() {
        return inputs.modelSpec().followLinks();
    }

    /// What it predicts; the model is in memory until this returns.
    ///
    /// @param stop asked before every batch
    /// @return [predictions][outputs]
    /// @throws cglora.models.training.StoppedException when somebody asked to stop
    float[][] logits(ComparedLogits compared, EngineChoice engine, BooleanSupplier stop) {
        return ask(engine, stop, session -> compared.of(inputs, session));
    }

    /// What it says about all examples, with the losses; of a model that writes or tags, those of
    /// its tokens.
    ///
    /// @param own with the data stage that the examples are of
    Evaluation evaluate(Inputs own, Dataset data, EngineChoice engine, BooleanSupplier stop) {
        return ask(
                engine,
                stop,
                session -> session.evaluator().evaluate(own.batches(data), data.size()));
    }

    private <T> T ask(EngineChoice engine, BooleanSupplier stop, Function<Session, T> question) {
        if (whole || !inputs.isOfTokens()) {
            try (LoadedModel model = open(engine)) {
                model.session().stopWhen(stop);
                return question.apply(model.session());
            }
        }
        try (var session =
                new Session(engine.open(), inputs.task(), inputs.checkpoint(), inputs.dtype())) {
            inputs.checkpoint().weights().release();
            AdapterLoading.load(session, PeftAdapter.read(place), given.toString());
            session.stopWhen(stop);
            return question.apply(session);
        }
    }

    /// A whole model of the pipeline's task, or an adapter of a classifier.
    private LoadedModel open(EngineChoice engine) {
        var notes = new Problems();
        if (!inputs.isOfTokens()) {
            return Predictor.open(given, base(), engine, notes);
        }
        return inputs.tags()
                ? TaggingPredictor.open(given, base(), engine, notes).orElseThrow()
                : WritingPredictor.open(
                                given, base(), engine, notes, WritingPredictor.Options.GREEDY)
                        .orElseThrow();
    }

    private Predictor.Base base() {
        return new Predictor.Base(inputs.modelSpec().path(), false, links(), inputs.dtype());
    }

    /// The adapter's factors by the layers' names; empty for a whole model.
    Map<String, LoraFactors> factors() {
        var factors = new TreeMap<String, LoraFactors>();
        if (!whole) {
            PeftAdapter.read(place)
                    .layers()
                    .forEach(
                            (name, layer) ->
                                    factors.put(
                                            name,
                                            new LoraFactors(
                                                    layer.loraA(), layer.loraB(), Base.KEPT)));
        }
        return factors;
    }

    /// `ΔW* = W* − W₀` of layers, read one at a time.
    ///
    /// @param modules whose updates are wanted
    /// @param base    gives `W₀` of a layer, [out, in]
    /// @param taken   gets each, [out, in]
    void updates(
            List<LinearModule> modules,
            Function<LinearModule, Matrix> base,
            BiConsumer<LinearModule, Matrix> taken) {
        if (whole) {
            try (PretrainedModel model =
                    PretrainedModel.load(place.toString(), Map.of(), links())) {
                for (LinearModule module : modules) {
                    Matrix tuned = weight(model, module);
                    taken.accept(module, tuned.minus(base.apply(module)));
                }
            }
            return;
        }
        var layers = new LinkedHashMap<>(PeftAdapter.read(place).layers());
        for (LinearModule module : modules) {
            PeftAdapter.Layer layer = layers.remove(module.name());
            taken.accept(
                    module,
                    layer == null
                            ? Matrix.zero(module.out(), module.in())
                            : Matrix.of(layer.out(), layer.r(), layer.loraB())
                                    .times(Matrix.of(layer.r(), layer.in(), layer.loraA()))
                                    .scaled(layer.scaling()));
        }
    }

    private static Matrix weight(PretrainedModel model, LinearModule module) {
        var spec = ParameterSpec.matrix(module.weight(), module.out(), module.in());
        return Matrix.of(module.out(), module.in(), model.weights().read(model.tensorOf(spec)));
    }
}
