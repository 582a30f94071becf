package cglora.models.training;

import cglora.kernels.Kernel;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.kernels.reduction.ReductionKernels;
import cglora.models.block.Constant;
import cglora.models.block.LoraLayer;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Parameters;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Batcher;
import cglora.models.family.PretrainedModel;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Dot;
import cglora.models.graph.Graph;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// A model on an engine: its parameters, its adapters, and the programs that evaluate and train
/// it, one a shape of batch.
public final class Session implements AutoCloseable {
    /// What the names of programs that train nothing begin with.
    private static final String EVALUATION = "evaluate ";

    private static final String LOGITS = "logits";
    private static final String LOSSES = "losses";

    private final Engine engine;
    private final TaskModel model;
    private final Parameters parameters = new Parameters();
    private final Layout layout = new Layout();
    private Layout trained = new Layout();
    private final Map<String, LoraLayer> adapters = new LinkedHashMap<>();
    private final Map<String, Prepared> programs = new HashMap<>();
    private final List<ParameterSpec> bodyMatrices;
    private final List<ParameterSpec> bodyVectors;
    private Buffer bodyMatrixGroup;
    private Buffer bodyVectorGroup;
    private final Buffer headWeight;
    private final Buffer headBias; // null for a head without
    private Buffer groupA;
    private Buffer groupB;
    private long adapterBytes;
    private final Map<String, Buffer> gradients = new HashMap<>();
    private Training training;
    private boolean guarded;
    private boolean checkpointing;
    private BooleanSupplier stop = () -> false;

    /// A program and the places that the host writes and reads.
    ///
    /// @param task what it is given of a batch; null for nothing
    record Prepared(LoadedProgram program, Map<String, Buffer> places, TaskGraph task) {
        Buffer place(String name) {
            return places.get(name);
        }
    }

    /// What training needs beside the graph.
    ///
    /// @param groups      their gradients are those of one batch
    /// @param accumulated the same groups with the sum over batches; empty where a batch is a step
    private record Training(
            AdamW optimizer, List<AdamW.Group> groups, List<AdamW.Group> accumulated) {
        boolean accumulating() {
            return !accumulated.isEmpty();
        }
    }

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
        this.engine = engine;
        this.model = model;
        List<ParameterSpec> body = model.bodyParameters();
        bodyMatrices = body.stream().filter(s -> s.kind() == ParameterSpec.Kind.MATRIX).toList();
        bodyVectors = body.stream().filter(s -> s.kind() == ParameterSpec.Kind.VECTOR).toList();
        if (trainBody) {
            bodyMatrixGroup = parameters.addGroup(layout, "body.matrices", bodyMatrices);
            bodyVectorGroup = parameters.addGroup(layout, "body.vectors", bodyVectors);
        } else {
            parameters.addFrozen(layout, body, frozen);
        }
        headWeight = group("head.weight", model.headWeights());
        headBias = group("head.bias", model.headBiases());
        List<Constant> constants = model.body().constants();
        parameters.addFrozen(layout, constants.stream().map(Constant::spec).toList());
        engine.allocate(layout);
        for (Constant constant : constants) {
            engine.fill(
                    parameters.get(constant.spec().name()).buffer(),
                    (target, offset) -> {
                        float[] values = constant.values().get();
                        System.arraycopy(values, 0, target, offset, values.length);
                    });
        }
        for (ParameterSpec spec : body) {
            String tensor = checkpoint.tensorOf(spec);
            engine.fill(
                    parameters.get(spec.name()).buffer(),
                    (target, offset) -> checkpoint.weights().read(tensor, target, offset));
        }
        for (ParameterSpec spec : model.headParameters()) {
            headStart
                    .of(spec, classifier(), checkpoint)
                    .ifPresent(fill -> engine.fill(parameters.get(spec.name()).buffer(), fill));
        }
    }

    /// @param specs empty for none
    /// @return null for none
    private Buffer group(String name, List<ParameterSpec> specs) {
        return specs.isEmpty() ? null : parameters.addGroup(layout, name, specs);
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

    /// The adapters, by the name of their layer.
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

    /// A copy of a parameter's elements.
    public float[] read(String parameter) {
        return engine.read(parameters.get(parameter).buffer());
    }

    /// @throws IllegalStateException where it would be rounded: weights of bfloat16 stay as they
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

    /// Bytes of the frozen and trained parameters, gradients and optimiser state.
    public long persistentBytes() {
        return layout.bytes() + trained.bytes();
    }

    /// Bytes of the largest program's activations so far.
    public long scratchBytes() {
        return programs.values().stream()
                .mapToLong(p -> p.program().program().scratchBytes())
                .max()
                .orElse(0);
    }

    /// Number of parameters that training changes.
    public long trainedParameters() {
        return training == null
                ? 0
                : training.groups().stream().mapToLong(g -> g.parameters().length()).sum();
    }

    /// Puts adapters on layers and prepares the optimiser; before the first [#train].
    ///
    /// @param layers    empty for training the body itself
    /// @param headRate  the head's learning rate over the common one
    /// @param decay     weight decay of matrices
    /// @param accumulate whether gradients of several batches make one step
    void prepareTraining(
            List<LoraLayer> layers,
            AdamW optimizer,
            double headRate,
            double decay,
            boolean accumulate) {
        prepareTraining(TrainedPart.ALL, layers, optimizer, headRate, decay, accumulate);
    }

    /// The same for a part of what can be trained. After another training its gradients, moments
    /// and programs make room: what it has learnt stays.
    void prepareTraining(
            TrainedPart part,
            List<LoraLayer> layers,
            AdamW optimizer,
            double headRate,
            double decay,
            boolean accumulate) {
        if (training != null) {
            forgetTraining();
        }
        var groups = new ArrayList<AdamW.Group>();
        if (part != TrainedPart.HEAD && !layers.isEmpty()) {
            groups.add(AdamW.Group.of(trained, groupA, 1, decay));
            groups.add(AdamW.Group.of(trained, groupB, Region.SECOND_GRADIENTS, 1, decay));
        }
        if (part != TrainedPart.HEAD && bodyMatrixGroup != null) {
            groups.add(AdamW.Group.of(trained, bodyMatrixGroup, 1, decay));
            groups.add(AdamW.Group.of(trained, bodyVectorGroup, 1, 0));
        }
        if (part != TrainedPart.BODY && headWeight != null) {
            groups.add(AdamW.Group.of(trained, headWeight, headRate, decay));
        }
        if (part != TrainedPart.BODY && headBias != null) {
            groups.add(AdamW.Group.of(trained, headBias, headRate, 0));
        }
        var accumulated = new ArrayList<AdamW.Group>();
        if (accumulate) {
            for (AdamW.Group group : groups) {
                accumulated.add(group.withGradients(trained));
            }
        }
        engine.allocate(trained);
        training = new Training(optimizer, groups, accumulated);
    }

    /// Whether training and calibration keep only the input of each layer and compute the layer
    /// again for its gradient; before either is prepared.
    public void recomputeLayers(boolean recomputes) {
        checkpointing = recomputes;
    }

    boolean recomputesLayers() {
        return checkpointing;
    }

    private void forgetTraining() {
        programs.keySet().removeIf(name -> !name.startsWith(EVALUATION));
        gradients.clear();
        guarded = false;
        engine.release(trained);
        trained = new Layout();
    }

    /// Places the factors of adapters, all zero, and the roots of whitened ones; before
    /// [#prepareTraining].
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
        Layout rootLayout = new Layout();
        parameters.addFrozen(rootLayout, roots);
        engine.allocate(rootLayout);
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
        Layout adapterLayout = new Layout();
        groupA = parameters.addGroup(adapterLayout, "adapters.A", specsA);
        groupB = parameters.addGroup(adapterLayout, "adapters.B", specsB);
        engine.allocate(adapterLayout);
        adapterBytes += adapterLayout.bytes();
        programs.clear();
    }

    /// Bytes of the adapters' factors and constant roots.
    public long adapterBytes() {
        return adapterBytes;
    }

    private void reserve(List<Batch> batches) {
        widest(batches).ifPresent(b -> engine.reserve(plannedEvaluation(b.shape())));
    }

    /// The batch whose activations take most.
    static Optional<Batch> widest(List<Batch> batches) {
        return batches.stream().max(Comparator.comparingLong(b -> b.shape().size()));
    }

    /// Logits and losses of every example of the batches, and for tokens the likeliest ones.
    ///
    /// @throws StoppedException when somebody asked to stop
    public Evaluation evaluate(List<Batch> batches, int examples) {
        float[][] logits = new float[examples][];
        float[] losses = new float[examples];
        int[][] tokens = new int[examples][];
        reserve(batches);
        for (Batch batch : batches) {
            requireGoing();
            Prepared prepared = evaluation(batch.shape());
            feed(prepared, batch);
            prepared.program().run();
            List<TaskModel.Answer> answers =
                    model.answers(batch, name -> prepared.program().read(prepared.place(name)));
            for (int row = 0; row < batch.examples().length; row++) {
                int example = batch.examples()[row];
                logits[example] = answers.get(row).logits();
                losses[example] = answers.get(row).loss();
                tokens[example] = answers.get(row).tokens();
            }
        }
        return new Evaluation(logits, losses, tokens);
    }

    /// What the head sees of every example, [examples][hidden].
    ///
    /// @throws StoppedException when somebody asked to stop
    public float[][] features(List<Batch> batches, int examples) {
        float[][] features = new float[examples][];
        int hidden = model.body().hiddenSize();
        reserve(batches);
        for (Batch batch : batches) {
            requireGoing();
            Prepared prepared = evaluation(batch.shape());
            feed(prepared, batch);
            prepared.program().run();
            float[] all = prepared.program().read(prepared.place(Classifier.FEATURES));
            for (int row = 0; row < batch.examples().length; row++) {
                features[batch.examples()[row]] =
                        Arrays.copyOfRange(all, row * hidden, (row + 1) * hidden);
            }
        }
        return features;
    }

    /// What the head sees of tokens, and their classes.
    ///
    /// @param features [tokens][hidden]
    /// @param labels   [tokens]
    public record TokenFeatures(float[][] features, int[] labels) {}

    /// What the head sees of the tokens that are asked for, or of as many as are wanted, drawn by
    /// the seed.
    ///
    /// @throws StoppedException when somebody asked to stop
    public TokenFeatures tokenFeatures(List<Batch> batches, int most, long seed) {
        int count = batches.stream().mapToInt(Batch::terms).sum();
        var chosen = new BitSet(count);
        for (int term : Batcher.draw(count, most, seed)) {
            chosen.set(term);
        }
        float[][] features = new float[chosen.cardinality()][];
        int[] labels = new int[features.length];
        int hidden = model.body().hiddenSize();
        int term = 0;
        int next = 0;
        reserve(batches);
        for (Batch batch : batches) {
            requireGoing();
            Prepared prepared = evaluation(batch.shape());
            feed(prepared, batch);
            prepared.program().run();
            float[] all = prepared.program().read(prepared.place(Classifier.FEATURES));
            int[] asked = batch.target().labels();
            for (int at = 0; at < asked.length; at++) {
                if (asked[at] >= 0 && chosen.get(term++)) {
                    features[next] = Arrays.copyOfRange(all, at * hidden, (at + 1) * hidden);
                    labels[next++] = asked[at];
                }
            }
        }
        return new TokenFeatures(features, labels);
    }

    /// The program that evaluates a batch without target tokens, planned but not run.
    public Program plannedEvaluation(int rows, int width) {
        return plannedEvaluation(BatchShape.of(rows, width));
    }

    /// The program that evaluates a batch, planned but not run.
    public Program plannedEvaluation(BatchShape shape) {
        return evaluation(shape).program().program();
    }

    private Prepared evaluation(BatchShape shape) {
        return programs.computeIfAbsent(
                EVALUATION + shape,
                name -> {
                    var graph = new Graph(name);
                    var builder = new ModelBuilder(graph, parameters, adapters, null);
                    TaskGraph task = model.graph(builder, shape);
                    var places = new HashMap<String, Buffer>();
                    var read = new ArrayList<Tensor>();
                    task.results()
                            .forEach(
                                    (result, appended) -> {
                                        Tensor tensor = appended.get();
                                        places.put(result, tensor.buffer());
                                        read.add(tensor);
                                    });
                    return new Prepared(engine.load(graph.compile(read)), places, task);
                });
    }

    /// What the model says of each term of a batch's loss.
    ///
    /// @param logits [terms, classes], those of empty terms included
    /// @param losses [terms]
    record Scores(float[] logits, float[] losses) {
        /// What one term's classes are given, [classes].
        double[] probabilities(int term) {
            return Softmax.probabilities(row(term), 0);
        }

        /// Logits of one term [1, classes].
        Matrix row(int term) {
            int classes = logits.length / losses.length;
            float[] row = Arrays.copyOfRange(logits, term * classes, (term + 1) * classes);
            return Matrix.of(1, classes, row);
        }
    }

    /// Lets the engine make room for the [#scores] of these batches at once.
    void reserveScores(List<Batch> batches) {
        widest(batches).ifPresent(b -> engine.reserve(scoring(b.shape()).program().program()));
    }

    /// @throws StoppedException when somebody asked to stop
    Scores scores(Batch batch) {
        requireGoing();
        Prepared prepared = scoring(batch.shape());
        feed(prepared, batch);
        prepared.program().run();
        return new Scores(
                prepared.program().read(prepared.place(LOGITS)),
                prepared.program().read(prepared.place(LOSSES)));
    }

    private Prepared scoring(BatchShape shape) {
        return programs.computeIfAbsent(
                EVALUATION + "terms of " + shape,
                name -> {
                    var graph = new Graph(name);
                    var builder = new ModelBuilder(graph, parameters, adapters, null);
                    TaskGraph task = model.graph(builder, shape);
                    var places =
                            Map.of(LOGITS, task.logits().buffer(), LOSSES, task.loss().buffer());
                    var program = graph.compile(List.of(task.logits(), task.loss()));
                    return new Prepared(engine.load(program), places, task);
                });
    }

    private static void feed(Prepared prepared, Batch batch) {
        prepared.task().feed(prepared.program(), batch);
    }

    /// Gradients of `Σ weights · loss` over a batch and, where a step is due, the step.
    ///
    /// @param weights one a term of the loss, 0 for what is empty: [Batch#weights]
    /// @param seed    of dropout
    /// @param hyper   of the optimiser
    /// @return the weighted loss, the gradient's norm, and what it was multiplied by
    float[] train(Batch batch, float[] weights, int seed, float[] hyper) {
        return train(batch, weights, seed, hyper, true, true);
    }

    /// The same for one of several batches that make a step.
    ///
    /// @param first gradients start anew
    /// @param last  the step is due
    float[] train(
            Batch batch, float[] weights, int seed, float[] hyper, boolean first, boolean last) {
        Prepared prepared = trainingProgram(batch.shape());
        feed(prepared, batch);
        LoadedProgram program = prepared.program();
        program.write(prepared.place("weights"), weights);
        program.write(prepared.place("seed"), new int[] {seed});
        program.write(prepared.place("hyper"), hyper);
        program.run();
        float loss = program.read(prepared.place("total"))[0];
        if (!training.accumulating()) {
            return withNorm(loss, program.read(prepared.place("clip")));
        }
        (first ? sumStart() : sumMore()).program().run();
        if (!last) {
            return new float[] {loss, 0, 1};
        }
        if (guarded && !(Float.isFinite(loss) && areGradientsFinite())) {
            return new float[] {loss, Float.NaN, 1};
        }
        Prepared step = optimizerStep();
        step.program().write(step.place("hyper"), hyper);
        step.program().run();
        return withNorm(loss, step.program().read(step.place("clip")));
    }

    /// From here on a step whose loss or gradient is not finite is not made; gradients are looked
    /// through on the host, so that they have to be accumulated.
    void guardSteps() {
        guarded = true;
    }

    private boolean areGradientsFinite() {
        for (AdamW.Group group : training.accumulated()) {
            for (float value : engine.read(group.gradients())) {
                if (!Float.isFinite(value)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static float[] withNorm(float loss, float[] clip) {
        return new float[] {loss, clip[0], clip[1]};
    }

    /// Accumulated gradients become those of the last batch.
    private Prepared sumStart() {
        return sums("start", ReductionKernels.COPY_INTO);
    }

    /// The last batch's gradients are added to the accumulated ones.
    private Prepared sumMore() {
        return sums("more", ReductionKernels.ADD_INTO);
    }

    private Prepared sums(String name, Kernel kernel) {
        return programs.computeIfAbsent(
                "accumulate " + name,
                key -> {
                    var launches = new ArrayList<Launch>();
                    for (int i = 0; i < training.groups().size(); i++) {
                        Buffer from = training.groups().get(i).gradients();
                        Buffer to = training.accumulated().get(i).gradients();
                        launches.add(
                                kernel == ReductionKernels.ADD_INTO
                                        ? Launch.of(kernel, from.length(), from, to, 1f)
                                        : Launch.of(kernel, from.length(), from, to));
                    }
                    return new Prepared(
                            engine.load(Planner.plan(key, launches, Set.of(), Set.of())),
                            Map.of(),
                            null);
                });
    }

    private Prepared optimizerStep() {
        return programs.computeIfAbsent(
                "optimizer step",
                key -> {
                    Buffer hyper = Buffer.scratch("hyper", DataType.FLOAT32, AdamW.HYPER);
                    AdamW.Step step = training.optimizer().step(training.accumulated(), hyper);
                    return new Prepared(
                            engine.load(
                                    Planner.plan(
                                            key,
                                            step.launches(),
                                            Set.of(hyper),
                                            Set.of(step.clip()))),
                            Map.of("hyper", hyper, "clip", step.clip()),
                            null);
                });
    }

    /// The gradient of a trained parameter after the last [#train].
    float[] gradient(String parameter) {
        return engine.read(gradients.get(parameter));
    }

    /// The program of one training step without target tokens, planned but not run.
    public Program plannedTraining(int rows, int width) {
        return plannedTraining(BatchShape.of(rows, width));
    }

    /// The program of one training step, planned but not run.
    public Program plannedTraining(BatchShape shape) {
        return trainingProgram(shape).program().program();
    }

    private Prepared trainingProgram(BatchShape shape) {
        return programs.computeIfAbsent(
                "train " + shape,
                name -> {
                    var graph = new Graph(name);
                    Tensor seed = graph.input("seed", DataType.INT32, Shape.of(1));
                    Tensor hyper = graph.input("hyper", DataType.FLOAT32, Shape.of(AdamW.HYPER));
                    var builder =
                            new ModelBuilder(graph, parameters, adapters, seed)
                                    .withGradientCheckpointing(checkpointing);
                    TaskGraph task = model.graph(builder, shape);
                    Tensor loss = task.loss();
                    Tensor weights = graph.input("weights", DataType.FLOAT32, loss.shape());
                    Tensor total = graph.apply(new Dot(loss, weights));
                    var wanted = new LinkedHashMap<Tensor, Buffer>();
                    trainedBuffers()
                            .forEach(
                                    (parameter, gradient) ->
                                            wanted.put(builder.parameter(parameter), gradient));
                    Autodiff.gradients(graph, loss, weights, wanted.keySet())
                            .forEach((p, gradient) -> graph.store(gradient, wanted.get(p)));
                    boolean alone = !training.accumulating();
                    AdamW.Step step = training.optimizer().step(training.groups(), hyper.buffer());
                    var places = new HashMap<String, Buffer>();
                    places.put("seed", seed.buffer());
                    places.put("weights", weights.buffer());
                    places.put("hyper", hyper.buffer());
                    places.put("total", total.buffer());
                    places.put("clip", step.clip());
                    Program program =
                            alone
                                    ? graph.compile(
                                            List.of(total.buffer(), step.clip()), step.launches())
                                    : graph.compile(List.of(total));
                    return new Prepared(engine.load(program), places, task);
                });
    }

    /// Gradient buffers by the name of the trained parameter.
    private Map<String, Buffer> trainedBuffers() {
        if (gradients.isEmpty()) {
            for (AdamW.Group group : training.groups()) {
                for (String name : parameters.namesIn(group.parameters())) {
                    gradients.put(
                            name,
                            parameters.counterpart(name, group.parameters(), group.gradients()));
                }
            }
        }
        var ordered = new LinkedHashMap<String, Buffer>();
        gradients.keySet().stream().sorted().forEach(n -> ordered.put(n, gradients.get(n)));
        return ordered;
    }

    /// The parameters that a graph reads, for passes of their own.
    Parameters parameters() {
        return parameters;
    }

    /// What training changes, with the optimiser's moments; a [Trainer] has prepared it.
    public TrainedTensors trainedTensors() {
        return TrainedTensors.of(engine, parameters, training.groups());
    }

    /// The contents of all parameters that training changes, to return to.
    Map<String, float[]> snapshot() {
        var snapshot = new LinkedHashMap<String, float[]>();
        training.groups()
                .forEach(g -> snapshot.put(g.parameters().name(), engine.read(g.parameters())));
        return snapshot;
    }

    void restore(Map<String, float[]> snapshot) {
        training.groups()
                .forEach(g -> engine.write(g.parameters(), snapshot.get(g.parameters().name())));
    }

    @Override
    public void close() {
        engine.close();
    }
}
