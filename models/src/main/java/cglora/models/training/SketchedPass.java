package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.data.Batch;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Graph;
import cglora.models.graph.MaskRows;
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

/// Gathers the [SketchedKfac] of linear layers: one forward and one backward pass over the
/// calibration examples. Of a batch, inputs and gradients of a layer meet a few random columns and
/// are forgotten: no product of a weight's size is formed.
public final class SketchedPass {
    private final Session session;
    private final CalibrationPass pass;
    private final List<LinearModule> modules;
    private final int k;
    private final int l;
    private final Layout layout = new Layout();
    private final Map<Integer, Buffer> omegas = new LinkedHashMap<>();
    private final Map<Integer, Buffer> psis = new LinkedHashMap<>();
    private final Map<String, Sketches> sketches = new LinkedHashMap<>();
    private final Map<String, CalibrationPass.Source> sources;

    /// Persistent sums of one layer; layers with the same input share `XOmega`.
    private record Sketches(Buffer XOmega, Buffer GOmega, Buffer SPsi, Buffer GPsi) {}

    /// Where a batch's program leaves the sums of squares.
    private static final class Squared {
        private final Map<String, Buffer> inputs = new LinkedHashMap<>();
        private final Map<String, Buffer> gradients = new LinkedHashMap<>();
    }

    private record Made(CalibrationPass.Loaded loaded, Squared squared) {}

    /// @param columns random columns for inputs; gradients get twice as many. No more than the
    ///     smallest side of a layer has
    public SketchedPass(Session session, List<LinearModule> modules, int columns) {
        this.session = session;
        this.modules = List.copyOf(modules);
        this.pass = new CalibrationPass(session, modules);
        int side = modules.stream().mapToInt(m -> Math.min(m.in(), m.out())).min().orElse(columns);
        this.k = Math.min(columns, side);
        this.l = Math.min(2 * columns, side);
        for (LinearModule module : modules) {
            omegas.computeIfAbsent(module.in(), in -> buffer("omega" + in, (long) in * k));
            psis.computeIfAbsent(module.out(), out -> buffer("psi" + out, (long) out * l));
        }
        this.sources = pass.sources();
        var shared = new HashMap<String, Buffer>();
        for (LinearModule module : modules) {
            String name = module.name();
            long in = module.in();
            long out = module.out();
            sketches.put(
                    name,
                    new Sketches(
                            shared.computeIfAbsent(
                                    sources.get(name).first(), _ -> buffer(name + ".X", in * k)),
                            buffer(name + ".GO", out * k),
                            buffer(name + ".S", out * l),
                            buffer(name + ".GP", in * l)));
        }
    }

    private Buffer buffer(String name, long size) {
        return layout.allocate(Region.STATE, name, size);
    }

    /// Random columns of both sides together.
    public int columns() {
        return k + l;
    }

    /// Bytes of the sums and of the random columns.
    public long bytes() {
        return layout.bytes();
    }

    /// The program for a shape of batch, planned but not run.
    public Program planned(int rows, int width) {
        return made("sketch", rows, width).loaded().program().program();
    }

    /// The sketches of all layers, tokens expanded, the empirical Fisher's.
    ///
    /// @param batches  of the calibration examples
    /// @param examples how many there are
    /// @param seed     of the random columns
    public StatisticsSource gather(List<Batch> batches, int examples, long seed) {
        session.engine().allocate(layout);
        var random = new SplittableRandom(seed);
        Map<Integer, float[]> omega = drawn(omegas, random);
        Map<Integer, float[]> psi = drawn(psis, random);
        var programs = new HashMap<String, Made>();
        Session.widest(batches)
                .map(b -> program(programs, b).loaded().program().program())
                .ifPresent(session.engine()::reserve);
        var squaresX = new HashMap<String, Double>();
        var squaresY = new HashMap<String, Double>();
        for (Batch batch : batches) {
            Made made = program(programs, batch);
            pass.run(made.loaded(), batch);
            add(made, made.squared().inputs, squaresX);
            add(made, made.squared().gradients, squaresY);
        }
        var sums = new LinkedHashMap<String, SketchSums.Sums>();
        var read = new IdentityHashMap<Buffer, float[]>();
        long tokens = batches.stream().mapToLong(Batch::tokens).sum();
        for (LinearModule module : modules) {
            Sketches s = sketches.get(module.name());
            sums.put(
                    module.name(),
                    new SketchSums.Sums(
                            module,
                            read.computeIfAbsent(s.XOmega(), session.engine()::read),
                            session.engine().read(s.GOmega()),
                            session.engine().read(s.SPsi()),
                            session.engine().read(s.GPsi()),
                            squaresX.get(module.name()),
                            squaresY.get(module.name()),
                            sources.get(module.name()).pooled() ? examples : tokens,
                            omega.get(module.in()),
                            psi.get(module.out())));
        }
        session.engine().release(layout);
        session.engine().trim();
        return new SketchSums(sums, examples);
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
        String name = "sketch " + batch.rows() + "×" + batch.width();
        return programs.computeIfAbsent(name, _ -> made(name, batch.rows(), batch.width()));
    }

    private Made made(String name, int rows, int width) {
        var graph = new Graph(name);
        CalibrationPass.Pass forward = pass.new Pass(graph, rows, width);
        var squared = new Squared();
        var projected = new IdentityHashMap<Tensor, Tensor>();
        var norms = new IdentityHashMap<Tensor, Buffer>();
        var byOutput = new LinkedHashMap<Tensor, LinearModule>();
        for (LinearModule module : modules) {
            var tap = forward.builder.taps().get(module.name());
            byOutput.put(tap.y(), module);
            int in = module.in();
            if (!projected.containsKey(tap.x())) {
                Tensor x = graph.apply(new MaskRows(tap.x(), forward.inputs.lengths()));
                Tensor P =
                        graph.apply(
                                Matmul.of(Matmul.Form.NN, x, tensor(graph, omegas.get(in), in, k)));
                Buffer sum = sketches.get(module.name()).XOmega();
                graph.add(new Matmul(Matmul.Form.TN, x, P, 1f, tensor(graph, sum, in, k)));
                projected.put(tap.x(), P);
                norms.put(tap.x(), graph.apply(new Squares(x)).buffer());
            }
            squared.inputs.put(module.name(), norms.get(tap.x()));
        }
        Autodiff.consumeGradients(
                graph,
                forward.loss,
                forward.weights,
                byOutput.keySet(),
                (y, dy) -> {
                    LinearModule module = byOutput.get(y);
                    Sketches s = sketches.get(module.name());
                    int in = module.in();
                    int out = module.out();
                    Tensor x = forward.builder.taps().get(module.name()).x();
                    Tensor D =
                            graph.apply(
                                    Matmul.of(
                                            Matmul.Form.NN,
                                            dy,
                                            tensor(graph, psis.get(out), out, l)));
                    sum(graph, dy, projected.get(x), tensor(graph, s.GOmega(), out, k));
                    sum(graph, dy, D, tensor(graph, s.SPsi(), out, l));
                    sum(graph, x, D, tensor(graph, s.GPsi(), in, l));
                    squared.gradients.put(module.name(), graph.apply(new Squares(dy)).buffer());
                });
        var kept = new ArrayList<>(norms.values());
        kept.addAll(squared.gradients.values());
        return new Made(forward.load(kept), squared);
    }

    private static void sum(Graph graph, Tensor a, Tensor b, Tensor sum) {
        graph.add(new Matmul(Matmul.Form.TN, a, b, 1f, sum));
    }

    private static Tensor tensor(Graph graph, Buffer buffer, int rows, int columns) {
        return graph.persistent(buffer.name(), Shape.of(rows, columns), buffer);
    }
}
