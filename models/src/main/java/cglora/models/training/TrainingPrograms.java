package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.models.block.ModelBuilder;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Dot;
import cglora.models.graph.Graph;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Trains a session's model: a batch runs forward and back, and the optimiser changes the
/// parameters by its gradients, or by those of several batches. There is one program a shape of
/// batch; a [Trainer] calls them step by step.
public final class TrainingPrograms {
    private static final String SEED = "seed";
    private static final String WEIGHTS = "weights";
    private static final String HYPER = "hyper";
    private static final String TOTAL = "total";
    private static final String CLIP = "clip";

    /// What is trained, and how.
    ///
    /// @param layout       of gradients and moments
    /// @param groups       their gradients are those of one batch
    /// @param accumulation of their gradients; null where a batch is a step
    private record Prepared(
            Layout layout,
            AdamW optimizer,
            List<AdamW.Group> groups,
            GradientAccumulation accumulation) {}

    private final Session session;
    private final Map<BatchShape, BatchProgram> programs = new HashMap<>();
    private final SortedMap<String, Buffer> gradients = new TreeMap<>();
    private Prepared prepared; // null before the first prepare
    private boolean guarded;

    TrainingPrograms(Session session) {
        this.session = session;
    }

    /// Places gradients and moments of all that can be trained; before the first [#train].
    ///
    /// @param headRate   the head's learning rate over the common one
    /// @param decay      weight decay of matrices
    /// @param accumulate whether gradients of several batches make one step
    void prepare(AdamW optimizer, double headRate, double decay, boolean accumulate) {
        prepare(TrainedPart.ALL, optimizer, headRate, decay, accumulate);
    }

    /// The same for a part of what can be trained. After another training its gradients, moments
    /// and programs make room: what it has learnt stays.
    void prepare(
            TrainedPart part, AdamW optimizer, double headRate, double decay, boolean accumulate) {
        if (prepared != null) {
            forgetPrograms();
            gradients.clear();
            guarded = false;
            session.engine().release(prepared.layout());
        }
        Layout layout = session.engine().layout();
        var groups = new ArrayList<AdamW.Group>();
        session.trainable()
                .forEach(
                        (group, buffers) -> {
                            if (group.isTrainedIn(part)) {
                                buffers.forEach(
                                        parameters ->
                                                groups.add(
                                                        group.optimized(
                                                                layout,
                                                                parameters,
                                                                headRate,
                                                                decay)));
                            }
                        });
        GradientAccumulation accumulation =
                accumulate
                        ? new GradientAccumulation(session.engine(), layout, optimizer, groups)
                        : null;
        session.engine().allocate(layout);
        prepared = new Prepared(layout, optimizer, groups, accumulation);
    }

    /// From here on a step whose loss or gradient is not finite is not made; gradients are looked
    /// through on the host, so that they have to be accumulated.
    void guardSteps() {
        guarded = true;
    }

    /// Programs are made anew: the adapters are others.
    void forgetPrograms() {
        programs.clear();
    }

    /// Bytes of gradients and moments.
    long stateBytes() {
        return prepared == null ? 0 : prepared.layout().bytes();
    }

    /// Number of parameters that training changes.
    public long trainedParameters() {
        return prepared == null
                ? 0
                : prepared.groups().stream().mapToLong(g -> g.parameters().length()).sum();
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
        BatchProgram program = program(batch.shape());
        program.feed(batch);
        program.write(WEIGHTS, weights);
        program.write(SEED, new int[] {seed});
        program.write(HYPER, hyper);
        program.run();
        float loss = program.read(TOTAL)[0];
        GradientAccumulation accumulation = prepared.accumulation();
        if (accumulation == null) {
            return withNorm(loss, program.read(CLIP));
        }
        accumulation.add(first);
        if (!last) {
            return new float[] {loss, 0, 1};
        }
        if (guarded && !(Float.isFinite(loss) && accumulation.isFinite())) {
            return new float[] {loss, Float.NaN, 1};
        }
        return withNorm(loss, accumulation.step(hyper));
    }

    private static float[] withNorm(float loss, float[] clip) {
        return new float[] {loss, clip[0], clip[1]};
    }

    /// The program of [#train] for a shape of batch, planned but not run.
    public Program planned(BatchShape shape) {
        return program(shape).plan();
    }

    private BatchProgram program(BatchShape shape) {
        return programs.computeIfAbsent(shape, this::forwardAndBackward);
    }

    /// Where a batch is a step, the optimiser's launches follow in the same program.
    private BatchProgram forwardAndBackward(BatchShape shape) {
        var graph = new Graph("train " + shape);
        Tensor seed = graph.input(SEED, DataType.INT32, Shape.of(1));
        Tensor hyper = graph.input(HYPER, DataType.FLOAT32, Shape.of(AdamW.HYPER));
        var builder =
                new ModelBuilder(graph, session.parameters(), session.adapters(), seed)
                        .withGradientCheckpointing(session.recomputesLayers());
        TaskGraph task = session.task().graph(builder, shape);
        Tensor loss = task.loss();
        Tensor weights = graph.input(WEIGHTS, DataType.FLOAT32, loss.shape());
        Tensor total = graph.apply(new Dot(loss, weights));
        var wanted = new LinkedHashMap<Tensor, Buffer>();
        gradientBuffers()
                .forEach((name, gradient) -> wanted.put(builder.parameter(name), gradient));
        Autodiff.gradients(graph, loss, weights, wanted.keySet())
                .forEach((parameter, gradient) -> graph.store(gradient, wanted.get(parameter)));
        AdamW.Step step = prepared.optimizer().step(prepared.groups(), hyper.buffer());
        var places = new HashMap<String, Buffer>();
        places.put(SEED, seed.buffer());
        places.put(WEIGHTS, weights.buffer());
        places.put(HYPER, hyper.buffer());
        places.put(TOTAL, total.buffer());
        places.put(CLIP, step.clip());
        Program program =
                prepared.accumulation() == null
                        ? graph.compile(List.of(total.buffer(), step.clip()), step.launches())
                        : graph.compile(List.of(total));
        return new BatchProgram(session.engine().load(program), task, places);
    }

    /// Gradient buffers by the name of the trained parameter, in the order of the names.
    private SortedMap<String, Buffer> gradientBuffers() {
        if (gradients.isEmpty()) {
            for (AdamW.Group group : prepared.groups()) {
                session.parameters()
                        .counterparts(group.parameters(), group.gradients())
                        .forEach((spec, gradient) -> gradients.put(spec.name(), gradient));
            }
        }
        return gradients;
    }

    /// The gradient of a trained parameter after the last [#train], row-major; with accumulation
    /// that of the last batch.
    float[] gradient(String parameter) {
        return session.engine().read(gradients.get(parameter));
    }

    /// The norm of each trained parameter's gradient in the last step, before clipping, by its
    /// name; it is read from the engine.
    public SortedMap<String, Double> gradientNorms() {
        List<AdamW.Group> groups =
                prepared.accumulation() == null
                        ? prepared.groups()
                        : prepared.accumulation().groups();
        var norms = new TreeMap<String, Double>();
        for (AdamW.Group group : groups) {
            session.parameters()
                    .counterparts(group.parameters(), group.gradients())
                    .forEach(
                            (spec, gradient) ->
                                    norms.put(spec.name(), norm(session.engine().read(gradient))));
        }
        return norms;
    }

    private static double norm(float[] values) {
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares);
    }

    /// What training changes, with the optimiser's moments; a [Trainer] has prepared it.
    public TrainedTensors tensors() {
        return TrainedTensors.of(session.engine(), session.parameters(), prepared.groups());
    }

    /// The contents of all parameters that training changes, to return to.
    Map<String, float[]> snapshot() {
        var snapshot = new LinkedHashMap<String, float[]>();
        prepared.groups()
                .forEach(
                        g ->
                                snapshot.put(
                                        g.parameters().name(),
                                        session.engine().read(g.parameters())));
        return snapshot;
    }

    /// @param snapshot of this training
    void restore(Map<String, float[]> snapshot) {
        prepared.groups()
                .forEach(
                        g ->
                                session.engine()
                                        .write(
                                                g.parameters(),
                                                snapshot.get(g.parameters().name())));
    }
}
