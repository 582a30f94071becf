package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.TrackedGradient;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Graph;
import cglora.models.graph.Squares;
import cglora.models.graph.Tensor;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.SketchedEigen;
import cglora.models.linalg.SymmetricSpectrum;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Gathers the sketches of linear layers, [cglora.models.curvature.SketchedKfac] or
/// [cglora.models.curvature.ThinKfac]: one forward and one backward pass over the calibration
/// examples. Inputs and gradients of a layer meet a few random columns, and each other or, in the
/// thin form, each other's products with a few columns more. Products of a factor's size are not
/// formed.
public final class SketchedPass {
    private final Session session;
    private final LayerInputs inputs;
    private final List<LinearModule> modules;
    private final SketchSizes sizes;
    private final Layout random;
    private final Map<Integer, Buffer> omegas = new LinkedHashMap<>();
    private final Map<Integer, Buffer> psis = new LinkedHashMap<>();
    private final Map<String, Sketches> sketches = new LinkedHashMap<>();

    private final ThinGradients gradients; // null for the gradients themselves

    /// Persistent sums of one layer; layers with the same input share `AOmega`.
    ///
    /// @param G null in the thin form
    private record Sketches(Layout layout, Buffer AOmega, Buffer SPsi, Buffer G) {}

    /// Where a batch's program leaves the sums of squares.
    private static final class Squared {
        private final Map<String, Buffer> inputs = new LinkedHashMap<>();
        private final Map<String, Buffer> gradients = new LinkedHashMap<>();
    }

    private record Made(LossProgram loaded, Squared squared) {}

    /// @param columns random columns for each factor, with the gradient itself; no more than the
    ///     smallest side of a layer
    public SketchedPass(Session session, List<LinearModule> modules, int columns) {
        this(session, modules, SketchSizes.ofFactors(columns));
    }

    /// @param asked no more columns are taken than the smallest side of a layer has
    public SketchedPass(Session session, List<LinearModule> modules, SketchSizes asked) {
        this.session = session;
        this.random = session.engine().layout();
        this.modules = List.copyOf(modules);
        this.inputs = LayerInputs.of(session, modules);
        int side =
                modules.stream()
                        .mapToInt(m -> Math.min(m.in(), m.out()))
                        .min()
                        .orElse(Integer.MAX_VALUE);
        this.sizes = asked.atMost(side);
        this.gradients =
                sizes.isThin() ? new ThinGradients(session.engine(), this.modules, sizes) : null;
        int k = sizes.inputColumns();
        int l = sizes.outputColumns();
        var shared = new HashMap<String, Sketches>();
        Layout layout = session.engine().layout();
        for (LinearModule module : modules) {
            String name = module.name();
            long in = module.in();
            long out = module.out();
            omegas.computeIfAbsent(module.in(), _ -> buffer(random, "omega" + in, in * k));
            psis.computeIfAbsent(module.out(), _ -> buffer(random, "psi" + out, out * l));
            Sketches first = shared.get(inputs.first(module));
            if (first == null && layout.bytes() >= LayerSums.PIECE) {
                layout = session.engine().layout();
            }
            Layout into = first == null ? layout : first.layout();
            var made =
                    new Sketches(
                            into,
                            first == null ? buffer(into, name + ".A", in * k) : first.AOmega(),
                            buffer(into, name + ".S", out * l),
                            sizes.isThin() ? null : buffer(into, name + ".G", out * in));
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

    /// What is gathered, with no more columns than there can be.
    public SketchSizes sizes() {
        return sizes;
    }

    /// Bytes of the sums and of the random columns.
    public long bytes() {
        return random.bytes()
                + layouts().mapToLong(Layout::bytes).sum()
                + (gradients == null ? 0 : gradients.bytes());
    }

    /// Bytes on the host: what is known of thin gradients.
    public long hostBytes() {
        return gradients == null ? 0 : Double.BYTES * gradients.hostNumbers();
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
        if (gradients != null) {
            gradients.begin(generator);
        }
        var programs = new HashMap<String, Made>();
        Evaluator.widest(batches)
                .map(b -> program(programs, b).loaded().plan())
                .ifPresent(session.engine()::reserve);
        var squaresX = new HashMap<String, Double>();
        var squaresY = new HashMap<String, Double>();
        SampleCounts counts = SampleCounts.of(batches, examples);
        for (List<Batch> part : sizes.parts(batches)) {
            for (Batch batch : part) {
                Made made = program(programs, batch);
                made.loaded().run(batch, null);
                add(made, made.squared().inputs, squaresX);
                add(made, made.squared().gradients, squaresY);
            }
            if (gradients != null) {
                gradients.endPart(
                        counts.terms(), module -> factors(module, omega, psi, squaresX, squaresY));
            }
        }
        Map<String, TrackedGradient> thin = gradients == null ? Map.of() : gradients.end();
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
                            thin.get(name),
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

    /// Both factors of a layer as far as they are summed, without their divisors.
    private SymmetricSpectrum[] factors(
            LinearModule module,
            Map<Integer, float[]> omega,
            Map<Integer, float[]> psi,
            Map<String, Double> squaresX,
            Map<String, Double> squaresY) {
        Sketches s = sketches.get(module.name());
        return new SymmetricSpectrum[] {
            factor(s.AOmega(), omega.get(module.in()), module.in(), squaresX.get(module.name())),
            factor(s.SPsi(), psi.get(module.out()), module.out(), squaresY.get(module.name()))
        };
    }

    private SymmetricSpectrum factor(Buffer sum, float[] columns, int size, double trace) {
        int count = columns.length / size;
        return SketchedEigen.of(
                Matrix.of(size, count, session.engine().read(sum)),
                Matrix.of(size, count, columns),
                trace);
    }

    private Map<Integer, float[]> drawn(Map<Integer, Buffer> buffers, SplittableRandom generator) {
        var drawn = new HashMap<Integer, float[]>();
        buffers.forEach(
                (size, buffer) -> {
                    float[] values = new float[buffer.length()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) generator.nextGaussian();
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
                    if (gradients == null) {
                        ThinGradients.sum(graph, dy, x, s.G());
                    } else {
                        gradients.add(graph, module, x, dy);
                    }
                    squared.gradients.put(
                            module.name(), sketch(graph, dy, psis.get(module.out()), s.SPsi()));
                });
        var kept = new ArrayList<>(norms.values());
        kept.addAll(squared.gradients.values());
        return new Made(forward.load(kept), squared);
    }

    /// `sum += xᵀ (x · columns)`; where the sums of `x²` will be.
    private static Buffer sketch(Graph graph, Tensor x, Buffer columns, Buffer sum) {
        ThinGradients.sum(graph, x, ThinGradients.product(graph, x, columns), sum);
        return graph.apply(new Squares(x)).buffer();
    }
}
