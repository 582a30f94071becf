package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.models.block.Constant;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Parameters;
import cglora.models.family.PretrainedModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// A model on an engine: its parameters and its adapters, and where they are. An [Evaluator] runs
/// it forward, [TrainingPrograms] train it.
public final class Session implements AutoCloseable {
    private final Engine engine;
    private final TaskModel model;
    private final Parameters parameters = new Parameters();
    private final Layout layout;
    private final List<Layout> placed = new ArrayList<>();
    private final boolean owner;
    private final Map<String, LoraLayer> adapters = new LinkedHashMap<>();
    private final Map<TrainableGroup, Buffer> trainable = new EnumMap<>(TrainableGroup.class);
    private final Evaluator evaluator = new Evaluator(this);
    private final TrainingPrograms training = new TrainingPrograms(this);
    private long adapterBytes;
    private boolean checkpointing;
    private BooleanSupplier stop = () -> false;

    /// Places all parameters on the engine and reads the checkpoint into them.
    ///
    /// @param trainBody whether the body's own weights are to be trained, too
    public Session(Engine engine, TaskModel model, PretrainedModel checkpoint, boolean trainBody) {
        this(engine, model, checkpoint, trainBody, HeadStart.OF_CHECKPOINT);
    }

    /// @param headStart what the head is before it is fitted or trained
    public Session(
            Engine engine,
            TaskModel model,
            PretrainedModel checkpoint,
            boolean trainBody,
            HeadStart headStart) {
        this(engine, model, checkpoint, trainBody, headStart, DataType.FLOAT32);
    }

    /// A model whose body is not trained.
    ///
    /// @param frozen how its matrices are kept, float32 or bfloat16
    public Session(Engine engine, TaskModel model, PretrainedModel checkpoint, DataType frozen) {
        this(engine, model, checkpoint, false, HeadStart.OF_CHECKPOINT, frozen);
    }

    /// @param frozen how the matrices of a body that is not trained are kept, float32 or bfloat16;
    ///     all computation is in float32
    public Session(
            Engine engine,
            TaskModel model,
            PretrainedModel checkpoint,
            boolean trainBody,
            HeadStart headStart,
            DataType frozen) {
        if (trainBody && frozen != DataType.FLOAT32) {
            throw new IllegalArgumentException("weights of " + frozen + " cannot be trained");
        }
        this.owner = true;
        this.engine = engine;
        this.layout = engine.layout();
        this.model = model;
        List<ParameterSpec> body = model.bodyParameters();
        List<Constant> constants = model.body().constants();
        if (trainBody) {
            place(layout, TrainableGroup.BODY_MATRICES, of(ParameterSpec.Kind.MATRIX, body));
            place(layout, TrainableGroup.BODY_VECTORS, of(ParameterSpec.Kind.VECTOR, body));
        } else {
            parameters.addFrozen(layout, body, frozen);
        }
        placeHead();
        parameters.addFrozen(layout, constants.stream().map(Constant::spec).toList());
        allocate(layout);
        constants.forEach(this::fill);
        for (ParameterSpec spec : body) {
            String tensor = checkpoint.tensorOf(spec);
            fill(
                    spec.name(),
                    (first, count, target, offset) ->
                            checkpoint.weights().read(tensor, first, count, target, offset));
        }
        fillHead(headStart, checkpoint);
    }

    private Session(Session other, TaskModel model, PretrainedModel checkpoint) {
        this.owner = false;
        this.engine = other.engine;
        this.layout = engine.layout();
        this.model = model;
        List<Constant> constants = model.body().constants();
        constants.forEach(constant -> parameters.share(other.parameters, constant.spec()));
        model.bodyParameters().forEach(spec -> parameters.share(other.parameters, spec));
        placeHead();
        allocate(layout);
        constants.forEach(this::fill);
        fillHead(HeadStart.OF_CHECKPOINT, checkpoint);
    }

    /// Another session over the weights of this one's body, on its engine, with adapters and a head
    /// of its own: what was trained here is read back there, and no second model is held. It is
    /// closed before this one runs again.
    ///
    /// @param task       a model of the same parameters
    /// @param checkpoint may bring the head
    /// @throws IllegalArgumentException where a parameter is not here, or of another shape
    public Session beside(TaskModel task, PretrainedModel checkpoint) {
        return new Session(this, task, checkpoint);
    }

    /// Whether [#beside] takes the model: all of its parameters and tables are here.
    public boolean holds(TaskModel task) {
        return Stream.concat(
                        task.bodyParameters().stream(),
                        task.body().constants().stream().map(Constant::spec))
                .allMatch(parameters::holds);
    }

    private void placeHead() {
        if (!model.headWeights().isEmpty()) {
            place(layout, TrainableGroup.HEAD_WEIGHTS, model.headWeights());
        }
        if (!model.headBiases().isEmpty()) {
            place(layout, TrainableGroup.HEAD_BIASES, model.headBiases());
        }
    }

    private void fillHead(HeadStart start, PretrainedModel checkpoint) {
        for (ParameterSpec spec : model.headParameters()) {
            start.of(spec, classifier(), checkpoint)
                    .ifPresent(fill -> engine.fill(parameters.get(spec.name()).buffer(), fill));
        }
    }

    private void allocate(Layout of) {
        engine.allocate(of);
        placed.add(of);
    }

    private static List<ParameterSpec> of(ParameterSpec.Kind kind, List<ParameterSpec> specs) {
        return specs.stream().filter(spec -> spec.kind() == kind).toList();
    }

    private void place(Layout where, TrainableGroup group, List<ParameterSpec> specs) {
        trainable.put(group, parameters.addGroup(where, group.bufferName(), specs));
    }

    private void fill(Constant constant) {
        engine.fill(
                parameters.get(constant.spec().name()).buffer(),
                (target, offset) -> {
                    float[] values = constant.values().get();
                    System.arraycopy(values, 0, target, offset, values.length);
                });
    }

    /// The model with its task.
    public TaskModel task() {
        return model;
    }

    /// The model where its task is classification or regression.
    ///
    /// @throws IllegalStateException for another task
    public SequenceClassifier model() {
        if (model instanceof SequenceClassifier classifier) {
            return classifier;
        }
        throw new IllegalStateException(model.getClass().getSimpleName() + " has no classes");
    }

    /// The model where it has a head over its vectors.
    ///
    /// @throws IllegalStateException for another task
    public Classifier classifier() {
        if (model instanceof Classifier classifier) {
            return classifier;
        }
        throw new IllegalStateException(model.getClass().getSimpleName() + " has no classes");
    }

    public Engine engine() {
        return engine;
    }

    /// What runs the model forward.
    public Evaluator evaluator() {
        return evaluator;
    }

    /// What trains the model.
    public TrainingPrograms training() {
        return training;
    }

    /// The adapters, by the name of their layer, in the order in which they were added.
    public Map<String, LoraLayer> adapters() {
        return adapters;
    }

    /// @param stop asked before every batch that is evaluated
    public void stopWhen(BooleanSupplier stop) {
        this.stop = stop;
    }

    /// @throws StoppedException when somebody asked to stop
    public void requireGoing() {
        if (stop.getAsBoolean()) {
            throw new StoppedException();
        }
    }

    /// A copy of a parameter's elements, row-major.
    ///
    /// @throws IllegalArgumentException when there is none of that name
    public float[] read(String parameter) {
        return engine.read(parameters.get(parameter).buffer());
    }

    /// Copies `count` of a parameter's elements, from the one numbered `first` on, to `target` from
    /// `offset` on.
    public void read(String parameter, int first, int count, float[] target, int offset) {
        engine.read(parameters.get(parameter).buffer(), first, count, target, offset);
    }

    /// How a parameter is kept.
    DataType type(String parameter) {
        return parameters.get(parameter).buffer().type();
    }

    /// Replaces a parameter's elements by those that come part by part; rounded where they are kept
    /// as bfloat16, which those of a device cannot be once it has computed.
    public void fill(String parameter, Engine.PartFiller filler) {
        engine.fillByParts(parameters.get(parameter).buffer(), filler);
    }

    /// Replaces a parameter's elements.
    ///
    /// @param values as many as it has, row-major
    /// @throws IllegalArgumentException when there is none of that name
    /// @throws IllegalStateException where they would be rounded: weights of bfloat16 stay as they
    ///     are
    public void write(String parameter, float[] values) {
        if (parameters.get(parameter).buffer().type() != DataType.FLOAT32) {
            throw new IllegalStateException(parameter + " is kept as bfloat16 and is not written");
        }
        engine.write(parameters.get(parameter).buffer(), values);
    }

    /// Writes a fitted last layer of the head; its bias is left aside where the layer has none.
    public void writeHead(HeadWarmup.Head head) {
        write(classifier().head().weight(), head.weight());
        if (classifier().head().biased()) {
            write(classifier().head().bias(), head.bias());
        }
    }

    /// Bytes of the frozen and trained parameters, gradients and optimiser state; adapters are
    /// counted by [#adapterBytes].
    public long persistentBytes() {
        return layout.bytes() + training.stateBytes();
    }

    /// Whether training and calibration keep only the input of each layer and compute the layer
    /// again for its gradient; before either is prepared.
    public void recomputeLayers(boolean recomputes) {
        checkpointing = recomputes;
    }

    boolean recomputesLayers() {
        return checkpointing;
    }

    /// Places the factors of adapters, all zero, and the roots of whitened ones;
    /// before they are trained.
    public void addAdapters(List<LoraLayer> layers) {
        addRoots(layers);
        addFactors(layers);
    }

    /// Places the roots of whitened adapters, whose factors come later.
    void addRoots(List<LoraLayer> layers) {
        var roots = new ArrayList<ParameterSpec>();
        for (LoraLayer layer : layers) {
            if (layer.whitened()) {
                int in = layer.module().in();
                int out = layer.module().out();
                int ofInput = layer.whitening().columns(in);
                int ofOutput = layer.whitening().columns(out);
                roots.add(ParameterSpec.matrix(layer.inputRoot(), in, ofInput));
                roots.add(ParameterSpec.matrix(layer.outputRoot(), out, ofOutput));
            }
        }
        Layout rootLayout = engine.layout();
        parameters.addFrozen(rootLayout, roots);
        allocate(rootLayout);
        adapterBytes += rootLayout.bytes();
    }

    /// Places the factors of adapters whose roots are there.
    void addFactors(List<LoraLayer> layers) {
        var specsA = new ArrayList<ParameterSpec>();
        var specsB = new ArrayList<ParameterSpec>();
        for (LoraLayer layer : layers) {
            int in = layer.module().in();
            int out = layer.module().out();
            adapters.put(layer.module().name(), layer);
            specsA.add(ParameterSpec.matrix(layer.loraA(), layer.r(), in));
            specsB.add(ParameterSpec.matrix(layer.loraB(), out, layer.r()));
        }
        Layout adapterLayout = engine.layout();
        place(adapterLayout, TrainableGroup.ADAPTERS_A, specsA);
        place(adapterLayout, TrainableGroup.ADAPTERS_B, specsB);
        allocate(adapterLayout);
        adapterBytes += adapterLayout.bytes();
        evaluator.forgetPrograms();
        training.forgetPrograms();
    }

    /// Bytes of the adapters' factors and constant roots.
    public long adapterBytes() {
        return adapterBytes;
    }

    /// The parameters that a graph reads, for programs of their own.
    Parameters parameters() {
        return parameters;
    }

    /// What training may change, by group, in the order of a step.
    Map<TrainableGroup, Buffer> trainable() {
        return Collections.unmodifiableMap(trainable);
    }

    /// One [#beside] another leaves the engine to that.
    @Override
    public void close() {
        if (!owner) {
            evaluator.forgetPrograms();
            engine.trim();
            placed.forEach(engine::release);
            return;
        }
        engine.close();
    }
}
