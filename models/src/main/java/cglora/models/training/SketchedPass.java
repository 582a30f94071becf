package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Graph;
import cglora.models.graph.Matmul;
import cglora.models.graph.Shape;
import cglora.models.graph.Squares;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Gathers the [SketchedKfac] of linear layers: one forward and one backward pass over the
/// calibration examples. Inputs and gradients of a layer meet a few random columns and each
/// other; products of a factor's size are not formed.
public final class SketchedPass {
    private final Session session;
    private final LayerInputs inputs;
    private final List<LinearModule> modules;
    private final int k;
    private final Layout random = new Layout();
    private final Map<Integer, Buffer> omegas = new LinkedHashMap<>();
    private final Map<Integer, Buffer> psis = new LinkedHashMap<>();
    private final Map<String, Sketches> sketches = new LinkedHashMap<>();

    /// Persistent sums of one layer; layers with the same input share `AOmega`.
    private record Sketches(Layout layout, Buffer AOmega, Buffer SPsi, Buffer G) {}

    /// Where a batch's program leaves the sums of squares.
    private static final class Squared {
        private final Map<String, Buffer> inputs = new LinkedHashMap<>();
        private final Map<String, Buffer> gradients = new LinkedHashMap<>();
    }

    private record Made(LossProgram loaded, Squared squared) {}

    /// @param columns random columns for each factor; no more than the smallest side of a layer
    public SketchedPass(Session session, List<LinearModule> modules, int columns) {
        this.session = session;
        this.modules = List.copyOf(modules);
        this.inputs = LayerInputs.of(session, modules);
        int side = modules.stream().mapToInt(m -> Math.min(m.in(), m.out())).min().orElse(columns);
        this.k = Math.min(columns, side);
        var shared = new HashMap<String, Sketches>();
        Layout layout = new Layout();
        for (LinearModule module : modules) {
            String name = module.name();
            long in = module.in();
            long out = module.out();
            omegas.computeIfAbsent(module.in(), _ -> buffer(random, "omega" + in, in * k));
            psis.computeIfAbsent(module.out(), _ -> buffer(random, "psi" + out, out * k));
            Sketches first = shared.get(inputs.first(module));
            if (first == null && layout.bytes() >= LayerSums.PIECE) {
                layout = new Layout();
            }
            Layout into = first == null ? layout : first.layout();
            var made =
                    new Sketches(
                            into,
                            first == null ? buffer(into, name + ".A", in * k) : first.AOmega(),
                            buffer(into, name + ".S", out * k),
                            buffer(into, name + ".G", out * in));
            shared.putIfAbsent(inputs.first(module), made);
            sketches.put(name, made);
        }
    }

    private static Buffer buffer(Layout layout, String name, long size) {
        return layout.allocate(Region.STATE, name, size);
    }

    private Stream<Layout> layouts() {
        return sketches.values().stream().map(Sketches::layout).distinct();
    }

    /// Random columns of a factor.
    public int columns() {
        return k;
    }

    /// Bytes of the sums and of the random columns.
    public long bytes() {
        return random.bytes() + layouts().mapToLong(Layout::bytes).sum();
    }

    /// The program for a shape of batch, planned but not run.
    public Program planned(BatchShape shape) {
        return made("sketch", shape).loaded().plan();
    }

    /// The sums of all layers, tokens expanded, the empirical Fisher's.
    ///
    /// @param batches  of the calibration examples
    /// @param examples how many there are
    /// @param seed     of the random columns
    public StatisticsSource gather(List<Batch> batches, int examples, long seed) {
        session.engine().allocate(random);
        layouts().toList().forEach(session.engine()::allocate);
        var generator = new SplittableRandom(seed);
        Map<Integer, float[]> omega = drawn(omegas, generator);
        Map<Integer, float[]> psi = drawn(psis, generator);
        var programs = new HashMap<String, Made>();
        Evaluator.widest(batches)
                .map(b -> program(programs, b).loaded().plan())
                .ifPresent(session.engine()::reserve);
        var squaresX = new HashMap<String, Double>();
        var squaresY = new HashMap<String, Double>();
        for (Batch batch : batches) {
            Made made = program(programs, batch);
            made.loaded().run(batch, null);
            add(made, made.squared().inputs, squaresX);
            add(made, made.squared().gradients, squaresY);
        }
        SampleCounts counts = SampleCounts.of(batches, examples);
        var sums = new LinkedHashMap<String, SketchSums.Sums>();
        for (LinearModule module : modules) {
            String name = module.name();
            Sketches s = sketches.get(name);
            sums.put(
                    name,
                    new SketchSums.Sums(
                            module,
                            s.layout(),
                            s.AOmega(),
                            s.SPsi(),
                            s.G(),
                            squaresX.get(name),
                            squaresY.get(name),
                            counts.of(inputs.stream(module)),
                            omega.get(module.in()),
                            psi.get(module.out())));
        }
        session.engine().release(random);
        session.engine().trim();
        return new SketchSums(session.engine(), sums, counts.terms());
    }

    private Map<Integer, float[]> drawn(Map<Integer, Buffer> buffers, SplittableRandom random) {
        var drawn = new HashMap<Integer, float[]>();
        buffers.forEach(
                (size, buffer) -> {
                    float[] values = new float[buffer.length()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) random.nextGaussian();
                    }
                    session.engine().write(buffer, values);
                    drawn.put(size, values);
                });
        return drawn;
    }

    private static void add(Made made, Map<String, Buffer> blocks, Map<String, Double> sums) {
        blocks.forEach(
                (name, buffer) -> {
                    double sum = 0;
                    for (float block : made.loaded().program().read(buffer)) {
                        sum += block;
                    }
                    sums.merge(name, sum, Double::sum);
                });
    }

    private Made program(Map<String, Made> programs, Batch batch) {
        String name = "sketch " + batch.shape();
        return programs.computeIfAbsent(name, _ -> made(name, batch.shape()));
    }

    private Made made(String name, BatchShape shape) {
        var graph = new Graph(name);
        boolean recomputes = session.recomputesLayers();
        var forward = new LossGraph(session, graph, shape, recomputes);
        var squared = new Squared();
        var norms = new IdentityHashMap<Tensor, Buffer>();
        var byOutput = new LinkedHashMap<Tensor, LinearModule>();
        Consumer<LinearModule> addInput =
                module -> {
                    Tensor input = forward.tap(module).x();
                    if (!norms.containsKey(input)) {
                        Tensor x =
                                forward.task()
                                        .masked(graph, inputs.stream(module), graph.latest(input));
                        Buffer sum = sketches.get(module.name()).AOmega();
                        norms.put(input, sketch(graph, x, omegas.get(module.in()), sum));
                    }
                    squared.inputs.put(module.name(), norms.get(input));
                };
        for (LinearModule module : modules) {
            byOutput.put(forward.tap(module).y(), module);
            if (!recomputes) {
                addInput.accept(module);
            }
        }
        Autodiff.consumeGradients(
                graph,
                forward.task().loss(),
                forward.weights(),
                byOutput.keySet(),
                (y, dy) -> {
                    LinearModule module = byOutput.get(y);
                    Sketches s = sketches.get(module.name());
                    addInput.accept(module);
                    Tensor x = graph.latest(forward.tap(module).x());
                    Tensor G = tensor(graph, s.G(), module.out(), module.in());
                    graph.add(new Matmul(Matmul.Form.TN, dy, x, 1f, G));
                    squared.gradients.put(
                            module.name(), sketch(graph, dy, psis.get(module.out()), s.SPsi()));
                });
        var kept = new ArrayList<>(norms.values());
        kept.addAll(squared.gradients.values());
        return new Made(forward.load(kept), squared);
    }

    /// `sum += xᵀ (x · columns)`; where the sums of `x²` will be.
    private Buffer sketch(Graph graph, Tensor x, Buffer columns, Buffer sum) {
        int size = x.shape().last();
        Tensor P = graph.apply(Matmul.of(Matmul.Form.NN, x, tensor(graph, columns, size, k)));
        graph.add(new Matmul(Matmul.Form.TN, x, P, 1f, tensor(graph, sum, size, k)));
        return graph.apply(new Squares(x)).buffer();
    }

    private static Tensor tensor(Graph graph, Buffer buffer, int rows, int columns) {
        return graph.persistent(buffer.name(), Shape.of(rows, columns), buffer);
    }
}
