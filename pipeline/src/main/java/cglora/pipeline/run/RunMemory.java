package cglora.pipeline.run;

import cglora.kernels.engine.NullEngine;
import cglora.kernels.engine.PackedParts;
import cglora.kernels.error.Problems;
import cglora.kernels.program.DataType;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.training.CgLoraStart;
import cglora.models.training.Session;
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
import java.util.List;
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
    private static final long SHIFTED_BYTES = 4 * Double.BYTES + 3 * Float.BYTES;

    private final Inputs inputs;
    private final EngineChoice engine;
    private final List<LinearModule> modules = new ArrayList<>();
    private final List<MemoryPlan> stages = new ArrayList<>();
    private final Session session;
    private final Item weights;
    private final BatchMemory batches;
    private final LayerMemory layers = new LayerMemory();
    private final CalibrationMemory calibration;
    private final AlignmentMemory watched;
    private Item adapters = Item.engine("adapters", 0);
    private Item alignment = Item.engine("alignment", 0);
    private Item sums = Item.engine("curvature sums", 0);
    private boolean isWarm;

    private RunMemory(Inputs inputs, EngineChoice engine) {
        this.inputs = inputs;
        this.engine = engine;
        this.session = inputs.session(counting());
        this.weights = Item.engine("weights", session.persistentBytes());
        this.batches = new BatchMemory(inputs, session);
        this.calibration = new CalibrationMemory(inputs, session, modules, batches, layers);
        this.watched = new AlignmentMemory(inputs, session, modules, batches);
    }

    /// Counts as the run's engine lays its arrays out.
    private NullEngine counting() {
        return switch (engine) {
            case EngineChoice.Jvm _ -> new NullEngine();
            case EngineChoice.Tornado(var info, _, _) -> new NullEngine(info::layout);
        };
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
        alignment = watched.kept();
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
                activations(batches.evaluation()),
                Item.engine("second model", another ? weights.bytes() : 0),
                Item.host(
                        "its file or activations",
                        another ? Math.max(reading().bytes(), batches.evaluation()) : 0));
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
        stages.add(
                MemoryPlan.of(stage, heap, others).after(grown).withLargest(batches.takeLargest()));
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

    /// The fit of a new head in the stage that comes first, and what the engine gives of a batch.
    private void warm(String stage) {
        if (isWarm || HeadChoice.fitted(inputs).isEmpty()) {
            return;
        }
        isWarm = true;
        var samples = Samples.draw(inputs, inputs.calibrateSpec().orElse(null), new Problems());
        BatchShape shape = BatchMemory.largest(Inputs.EVALUATION_BATCH, inputs, samples.head());
        long rows = (long) shape.rows() * (inputs.tags() ? shape.targetWidth() : 1);
        add(
                stage,
                weights,
                activations(batches.evaluation()),
                Item.host(
                        "head's warm-up",
                        HeadFitting.bytes(inputs, session, samples)
                                + Float.BYTES * rows * session.task().body().hiddenSize()));
    }

    private void calibrate(CalibrateSpec calibrate) {
        if (Initializers.needs(inputs.adapterSpec()).isEmpty()) {
            return;
        }
        warm(calibrate.id());
        if (calibrate.from() != null) {
            calibration.taken();
            return;
        }
        CalibrationMemory.Counted counted = calibration.of(calibrate);
        sums = counted.sums();
        add(
                calibrate.id(),
                weights,
                sums,
                activations(counted.activations()),
                Item.host("logits", counted.logits()));
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
                "logits",
                asked ? 2 * batches.logits(BatchMemory.largest(batch, inputs, inputs.train())) : 0);
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
                        Item.host("layers at work", parallel * layers.bytes()),
                        Item.host("dead arrays", DEAD)),
                List.of(Item.host("LAPACK", parallel * layers.nativeBytes()), READERS));
        add(adapter.id(), weights, adapters, activations(batches.evaluation()), probe(adapter));
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
                activations(
                        Math.max(
                                batches.of(program),
                                Math.max(batches.evaluation(), watched.comparison()))),
                watched.layerAtWork());
    }

    /// The reference is a second model until it has predicted.
    private void align(AlignSpec align) {
        add(
                align.id(),
                weights,
                adapters,
                activations(Math.max(watched.metric(align), watched.comparison())),
                Item.engine("reference", weights.bytes()),
                Item.host(
                        "its file or activations",
                        Math.max(reading().bytes(), batches.evaluation())));
    }

    private void export(ExportSpec export) {
        if (export.verify()) {
            var items =
                    new ArrayList<>(List.of(weights, adapters, activations(batches.evaluation())));
            items.addAll(readBack());
            items.add(
                    Item.host(
                            "parts of weights",
                            reading().bytes() + 2L * Float.BYTES * PackedParts.PART));
            items.add(shiftedLayer());
            add(export.id(), items, List.of(READERS));
        }
    }

    /// What is written, once more as it is read, and on the engine beside what was trained; of a
    /// whole model the head only.
    private List<Item> readBack() {
        long bytes =
                inputs.isFull()
                        ? Float.BYTES
                                * session.task().headParameters().stream()
                                        .mapToLong(ParameterSpec::size)
                                        .sum()
                        : DiskPlan.exportedBytes(inputs);
        return List.of(
                Item.engine("adapter read back", bytes), Item.host("adapter written", 2 * bytes));
    }

    /// A layer whose start is taken off its base again: four matrices in float64, three in float32.
    private Item shiftedLayer() {
        boolean shifted =
                inputs.adapterSpec() != null
                        && !inputs.isFull()
                        && AdapterLayers.isShifted(inputs.adapterSpec());
        long largest = modules.stream().mapToLong(m -> (long) m.in() * m.out()).max().orElse(0);
        return Item.host("layer at work", shifted ? SHIFTED_BYTES * largest : 0);
    }
}
