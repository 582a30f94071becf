package cglora.pipeline.run;

import cglora.kernels.engine.NullEngine;
import cglora.kernels.engine.OpenBlas;
import cglora.kernels.engine.PackedParts;
import cglora.kernels.error.Problems;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Program;
import cglora.models.adapter.Need;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.training.CalibrationPass;
import cglora.models.training.CgLoraStart;
import cglora.models.training.Session;
import cglora.models.training.SketchSizes;
import cglora.models.training.SketchedPass;
import cglora.models.training.Trainer;
import cglora.models.whitening.EngineWhitening;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.MemoryPlan.Item;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AlignSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.CgSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Counts the memory of a run's stages before anything runs.
final class RunMemory {
    /// Dead arrays that the initialisation may pile up before they are collected: more costs
    /// memory, less costs time.
    private static final long DEAD = 48L << 20;

    /// The tokenizer's native library with its vocabulary, the classes that read pipelines and
    /// data, and the rows. Measured: resident peaks of runs less the rest of their plans.
    private static final Item READERS = Item.host("tokenizer and data", 40L << 20);

    private static final long EXAMPLE_BYTES = 12 * Integer.BYTES;
    private static final long FEW = 100_000;

    private final Inputs inputs;
    private final EngineChoice engine;
    private final List<LinearModule> modules = new ArrayList<>();
    private final List<MemoryPlan> stages = new ArrayList<>();
    private final Session session;
    private final Item weights;
    private final ComparedLogits compared;
    private Item adapters = Item.engine("adapters", 0);
    private Item alignment = Item.engine("alignment", 0);
    private Item sums = Item.engine("curvature sums", 0);
    private long largest;
    private boolean isWarm;
    private long layerBytes;
    private long layerNativeBytes;

    private RunMemory(Inputs inputs, EngineChoice engine) {
        this.inputs = inputs;
        this.engine = engine;
        this.session = inputs.session(counting());
        this.weights = Item.engine("weights", session.persistentBytes());
        this.compared =
                inputs.alignSpec().map(align -> AlignmentLog.compared(inputs, align)).orElse(null);
    }

    /// Counts as the run's engine lays its arrays out.
    private NullEngine counting() {
        return switch (engine) {
            case EngineChoice.Jvm _ -> new NullEngine();
            case EngineChoice.Tornado(var info, _, _) -> new NullEngine(info::layout);
        };
    }

    /// Bytes of a program's activations.
    private long scratch(Program program) {
        largest = Math.max(largest, program.largestArenaBytes());
        return program.scratchBytes();
    }

    /// One plan a stage that computes.
    static List<MemoryPlan> of(Inputs inputs, EngineChoice engine) {
        var memory = new RunMemory(inputs, engine);
        memory.count();
        memory.session.close();
        return memory.stages;
    }

    private void count() {
        if (inputs.adapterSpec() != null && !inputs.isFull()) {
            AdapterLayers.of(inputs).stream().map(LoraLayer::module).forEach(modules::add);
        }
        inputs.alignSpec().ifPresent(align -> alignment = kept(align));
        for (StageSpec stage : inputs.stages()) {
            switch (stage) {
                case CalibrateSpec calibrate -> {
                    AdapterSpec adapter = inputs.adapterSpec();
                    if (adapter != null && adapter.initializes()) {
                        calibrate(calibrate);
                    }
                }
                case AdapterSpec adapter -> {
                    warm(adapter.id());
                    adapter(adapter);
                }
                case AlignSpec align -> {
                    warm(align.id());
                    align(align);
                }
                case TrainSpec training -> {
                    warm(training.id());
                    train(training);
                }
                case ExportSpec export -> export(export);
                case EvaluateSpec evaluate -> evaluate(evaluate);
                case DataSpec data -> add(data.id(), weights, reading(), rounding());
                case ModelSpec _ -> {}
            }
        }
        inputs.exportByDefault().ifPresent(this::export);
    }

    /// An earlier run's adapter is on a second model.
    private void evaluate(EvaluateSpec evaluate) {
        boolean another = evaluate.from() != null && evaluate.from().folder() != null;
        add(
                evaluate.id(),
                weights,
                adapters,
                activations(evaluation()),
                Item.engine("second model", another ? weights.bytes() : 0),
                Item.host(
                        "its file or activations",
                        another ? Math.max(reading().bytes(), evaluation()) : 0));
    }

    /// States that later stages take, and the newest one meanwhile.
    private Item states() {
        int kept = KeptStates.wanted(inputs).size();
        return Item.host(
                "kept states",
                kept == 0
                        ? 0
                        : (kept + 1L)
                                * Float.BYTES
                                * KeptStates.shapes(session, inputs).stream()
                                        .mapToLong(ParameterSpec::size)
                                        .sum());
    }

    private void add(String stage, Item... heap) {
        add(stage, List.of(heap), List.of(READERS));
    }

    private void add(String stage, List<Item> arrays, List<Item> others) {
        var heap = new ArrayList<>(arrays);
        heap.add(alignment);
        heap.add(states());
        heap.add(Item.host("index of the examples", indexBytes()));
        long grown = stages.stream().mapToLong(MemoryPlan::counted).max().orElse(0);
        stages.add(MemoryPlan.of(stage, heap, others).after(grown).withLargest(largest));
        largest = 0;
    }

    /// Arrays with a number an example: places, labels, targets, the order of an epoch, what sorts
    /// and splits them. Measured. Nothing beside the readers' where examples are few.
    private long indexBytes() {
        long examples =
                inputs.onEach().stream()
                        .flatMap(in -> Stream.of(in.train(), in.validation(), in.test()))
                        .mapToLong(Dataset::size)
                        .sum();
        return examples > FEW ? examples * EXAMPLE_BYTES : 0;
    }

    private Item reading() {
        return Item.host("checkpoint file", inputs.checkpoint().weights().readingBytes());
    }

    /// Parts of matrices on their way from the file to where they are kept in fewer bits.
    private Item rounding() {
        return Item.host(
                "part of a matrix before it is rounded",
                inputs.dtype() == DataType.FLOAT32 ? 0 : (long) Float.BYTES * PackedParts.PART);
    }

    private Item activations(long bytes) {
        return Item.engine("activations", bytes);
    }

    private static BatchShape largest(int batch, Inputs of, Dataset... sets) {
        return largest(batch, Arrays.stream(sets).map(of.batcher(batch)::largest).toList());
    }

    private static BatchShape largest(int batch, List<BatchShape> shapes) {
        return new BatchShape(
                batch,
                shapes.stream().mapToInt(BatchShape::width).max().orElseThrow(),
                shapes.stream().mapToInt(BatchShape::targetWidth).max().orElseThrow());
    }

    private long evaluation() {
        int batch = Inputs.EVALUATION_BATCH;
        List<BatchShape> shapes =
                inputs.onEach().stream()
                        .map(in -> largest(batch, in, in.train(), in.validation(), in.test()))
                        .toList();
        return scratch(session.evaluator().planned(largest(batch, shapes)));
    }

    /// The fit of a new head in the stage that comes first, and what the engine gives of a batch.
    private void warm(String stage) {
        if (isWarm || HeadChoice.fitted(inputs).isEmpty()) {
            return;
        }
        isWarm = true;
        var samples = Samples.draw(inputs, inputs.calibrateSpec().orElse(null), new Problems());
        BatchShape shape = largest(Inputs.EVALUATION_BATCH, inputs, samples.head());
        long rows = (long) shape.rows() * (inputs.tags() ? shape.targetWidth() : 1);
        add(
                stage,
                weights,
                activations(evaluation()),
                Item.host(
                        "head's warm-up",
                        HeadFitting.bytes(inputs, session, samples)
                                + Float.BYTES * rows * session.task().body().hiddenSize()));
    }

    private void calibrate(CalibrateSpec calibrate) {
        Set<Need> needs = Initializers.needs(inputs.adapterSpec());
        if (needs.isEmpty()) {
            return;
        }
        warm(calibrate.id());
        if (calibrate.from() != null) {
            modules.forEach(module -> layer(module, rootRank(), 0)); // as large as factors are
            return;
        }
        Dataset data = Samples.draw(inputs, calibrate, new Problems()).curvature();
        session.recomputeLayers(inputs.recomputesLayers());
        var pass = new CalibrationPass(session, modules);
        boolean curved = needs.equals(Need.FACTORS);
        CalibrationTokens tokens =
                CalibrationTokens.of(
                        pass, modules, inputs.batches(data), curved ? calibrate.tokens() : null);
        BatchShape shape = largest(CalibrateStage.batch(calibrate), inputs, data);
        boolean implicit = curved && CalibrateStage.isImplicit(calibrate, inputs, tokens);
        long activations;
        if (curved && CalibrateStage.isSketched(calibrate)) {
            sketches(calibrate, shape);
            return;
        }
        if (curved && CalibrateStage.needsRows(calibrate, inputs, tokens)) {
            // the rows in float32, and once more in float64
            long values = CalibrateStage.rowValues(inputs, calibrate, pass, modules, tokens);
            sums = Item.host("tokens", values * (Float.BYTES + Double.BYTES));
            activations = scratch(pass.plannedTokens(shape));
        } else {
            sums = Item.engine(curved ? "curvature sums" : "sums", pass.sumBytes(needs));
            activations = scratch(pass.planned(needs, shape));
        }
        int root = rootRank();
        for (LinearModule module : modules) {
            layer(module, root, implicit ? tokens.mostTaken() : 0);
        }
        boolean drawn = calibrate.fisher() == CalibrateSpec.Fisher.MC && inputs.isOfTokens();
        add(
                calibrate.id(),
                weights,
                sums,
                activations(drawn ? Math.max(activations, evaluation()) : activations),
                Item.host("logits", drawn ? logitBytes(shape) : 0));
    }

    /// What the host reads of a batch's tokens over the vocabulary or the classes.
    private long logitBytes(BatchShape shape) {
        long tokens = (long) shape.rows() * shape.targetWidth();
        return Float.BYTES * tokens * inputs.outputs();
    }

    /// Logits of one batch without a step and after a short one, where its length is derived from
    /// them.
    private Item probe(AdapterSpec adapter) {
        boolean asked =
                inputs.isOfTokens()
                        && adapter.method() == AdapterSpec.Method.CG_LORA
                        && adapter.from() == null
                        && adapter.cg().step() != CgSpec.Step.FIXED;
        int batch =
                inputs.calibrateSpec().map(CalibrateStage::batch).orElse(Inputs.EVALUATION_BATCH);
        return Item.host(
                "logits", asked ? 2 * logitBytes(largest(batch, inputs, inputs.train())) : 0);
    }

    /// Of a layer at work gradient and sketches are in float64, with a few products of the
    /// sketches' size, and both roots where they are wanted.
    private void sketches(CalibrateSpec calibrate, BatchShape shape) {
        SketchedPass pass = CalibrateStage.sketches(session, calibrate, AdapterLayers.of(inputs));
        SketchSizes sizes = pass.sizes();
        sums =
                Item.engine(
                        sizes.isThin() ? "sketches" : "sketches and gradients",
                        pass.bytes() + pass.hostBytes());
        long activations = scratch(pass.planned(shape));
        boolean whitened = AdapterLayers.isWhitened(inputs.adapterSpec());
        int columns = Math.max(sizes.inputColumns(), sizes.outputColumns());
        for (LinearModule module : modules) {
            long in = module.in();
            long out = module.out();
            long matrices = (sizes.isThin() ? 0 : in * out) + 4 * columns * (in + out);
            long roots = whitened ? in * in + out * out : 0;
            layerBytes = Math.max(layerBytes, Double.BYTES * matrices + Float.BYTES * roots);
        }
        add(calibrate.id(), weights, sums, activations(activations));
    }

    /// What the initialisation of one layer takes at its largest: eigenvectors and gradient in
    /// float64, beside them four products of the gradient's size or both roots in float32, and
    /// LAPACK's workspace.
    ///
    /// @param rank   of the roots, 0 for whole ones
    /// @param tokens of the implicit form, 0 for the factored one
    private void layer(LinearModule module, int rank, long tokens) {
        long in = module.in();
        long out = module.out();
        long bases =
                tokens > 0
                        ? 2 * tokens * tokens + 2 * tokens * (in + out)
                        : in * in + out * out + in * out;
        long products = tokens > 0 ? 2 * tokens * (in + out) : 4 * in * out;
        long roots = Float.BYTES * (in * rootColumns(rank, in) + out * rootColumns(rank, out));
        layerBytes =
                Math.max(
                        layerBytes,
                        Double.BYTES * bases + Math.max(Double.BYTES * products, roots));
        long size = tokens > 0 ? tokens : Math.max(in, out);
        layerNativeBytes = Math.max(layerNativeBytes, OpenBlas.dsyevdBytes(Math.toIntExact(size)));
    }

    private int rootRank() {
        Integer rank = inputs.adapterSpec().cg().whiteningRank();
        return rank == null ? 0 : rank;
    }

    private static long rootColumns(int rank, long size) {
        return rank == 0 ? size : Math.min(rank, size);
    }

    private void adapter(AdapterSpec adapter) {
        if (inputs.isFull()) {
            return;
        }
        session.addAdapters(AdapterLayers.of(inputs));
        adapters = Item.engine("adapters", session.adapterBytes());
        boolean products =
                adapter.method() == AdapterSpec.Method.CG_LORA
                        && adapter.initializes()
                        && WhiteningChoice.of(adapter.cg().arithmetic(), engine).arithmetic()
                                == CgLoraStart.Arithmetic.ENGINE;
        // as many layers at a time as there are processors; an engine takes one after the other
        long parallel =
                products
                        ? Math.min(modules.size(), 1)
                        : Math.min(modules.size(), Runtime.getRuntime().availableProcessors());
        add(
                adapter.id(),
                List.of(
                        weights,
                        adapters,
                        sums,
                        Item.engine("whitening", products ? whiteningBytes(adapter) : 0),
                        Item.host("layers at work", parallel * layerBytes),
                        Item.host("dead arrays", DEAD)),
                List.of(Item.host("LAPACK", parallel * layerNativeBytes), READERS));
        add(adapter.id(), weights, adapters, activations(evaluation()), probe(adapter));
    }

    /// What the whitening of all shapes takes on the engine.
    private long whiteningBytes(AdapterSpec adapter) {
        var counted = counting();
        var whitening = new EngineWhitening(counted);
        for (LoraLayer layer : AdapterLayers.of(inputs)) {
            int in = layer.module().in();
            int out = layer.module().out();
            int rank =
                    AdapterLayers.allocation(inputs)
                            .map(a -> a.ranks().limit(in, out))
                            .orElse(layer.r());
            // the roots of sketches are thin, and the host's
            double share =
                    inputs.calibrateSpec().stream().anyMatch(CalibrateStage::isSketched) ? 0 : 1;
            whitening.plan(in, out, rank, share * adapter.cg().pA(), share * adapter.cg().pS());
        }
        return counted.plannedBytes();
    }

    private void train(TrainSpec training) {
        new Trainer(session, TrainerOptions.of(inputs, training), TrainerOptions.part(training));
        int batch = training.perDeviceBatchSize();
        Inputs own = inputs.on(training.data());
        var program = session.training().planned(own.trainingBatches(batch).largest());
        long state = session.persistentBytes() - weights.bytes();
        adapters = Item.engine("adapters and their state", session.adapterBytes() + state);
        add(
                training.id(),
                weights,
                adapters,
                activations(Math.max(scratch(program), Math.max(evaluation(), comparison()))),
                layerAtWork());
    }

    /// The reference is a second model until it has predicted.
    private void align(AlignSpec align) {
        add(
                align.id(),
                weights,
                adapters,
                activations(Math.max(metric(align), Math.max(evaluation(), comparison()))),
                Item.engine("reference", weights.bytes()),
                Item.host("its file or activations", Math.max(reading().bytes(), evaluation())));
    }

    /// Activations of a model whose logits of some tokens are taken.
    private long comparison() {
        return compared == null || !compared.isOfTokens()
                ? 0
                : scratch(session.evaluator().planned(compared.sample(), compared.batches(inputs)));
    }

    /// Those of the pass that gathers the factors of the layers' metric.
    private long metric(AlignSpec align) {
        return align.layers()
                ? scratch(
                        new CalibrationPass(session, modules)
                                .planned(
                                        CalibrationPass.METRIC,
                                        largest(Inputs.EVALUATION_BATCH, inputs, compared.data())))
                : 0;
    }

    /// What the comparison of one layer takes at its largest.
    private Item layerAtWork() {
        boolean layers = inputs.alignSpec().stream().anyMatch(AlignSpec::layers);
        return Item.host(
                "layer at work",
                layers ? modules.stream().mapToLong(LayerComparison::bytes).max().orElse(0) : 0);
    }

    /// What the alignment keeps to the end: the logits of `f₀` and of the reference, beside them
    /// those that are measured, and the layers' factors.
    private Item kept(AlignSpec align) {
        long logits = (long) compared.size() * inputs.outputs();
        long factors =
                align.layers()
                        ? new CalibrationPass(session, modules).sumBytes(CalibrationPass.METRIC)
                        : 0;
        return Item.engine("alignment", 3L * Float.BYTES * logits + factors);
    }

    private void export(ExportSpec export) {
        if (export.verify()) {
            add(
                    export.id(),
                    weights,
                    adapters,
                    activations(evaluation()),
                    Item.engine("second model", weights.bytes()),
                    Item.host(
                            "its file or activations", Math.max(reading().bytes(), evaluation())));
        }
    }
}
