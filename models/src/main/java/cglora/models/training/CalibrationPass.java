package cglora.models.training;

import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.BatchInputs;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Gram;
import cglora.models.graph.Graph;
import cglora.models.graph.MaskRows;
import cglora.models.graph.Matmul;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import cglora.models.linalg.Matrix;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// Gathers the curvature of linear layers: one forward and one backward pass over the calibration
/// examples, with the gradient of each example's own loss. Factors are summed on the engine as
/// soon as a layer's gradient is there; the second-order matrix itself never exists.
public final class CalibrationPass {
    /// Sums of layers are laid out together up to this size, in bytes: few arrays, and memory that
    /// comes back piece by piece.
    private static final long PIECE = 32 << 20;

    /// What the metric of predictions is made of.
    public static final Set<Need> METRIC = Set.of(Need.INPUT_FACTOR, Need.OUTPUT_FACTOR);

    record Loaded(
            LoadedProgram program,
            BatchInputs inputs,
            Tensor labels,
            Buffer weights,
            Buffer losses) {}

    /// What a token pass reads back for a layer.
    private record Tokens(Buffer x, Buffer gamma) {}

    private final Session session;
    private final List<LinearModule> modules;

    public CalibrationPass(Session session, List<LinearModule> modules) {
        this.session = session;
        this.modules = List.copyOf(modules);
    }

    /// `A`, `S` and `G` of each layer, tokens expanded.
    ///
    /// @param batches  of the calibration examples
    /// @param curvature the passes over the same examples that make `S`
    /// @param examples how many there are
    public StatisticsSource factored(List<Batch> batches, FisherPasses curvature, int examples) {
        return gather(Need.FACTORS, batches, curvature, examples);
    }

    /// Those of `A`, `S` and `G` that are asked for.
    ///
    /// @param needs     the weights and the tokens are not for this pass to gather
    /// @param curvature as in [#factored]; matters where [Need#OUTPUT_FACTOR] is asked for
    public StatisticsSource gather(
            Set<Need> needs, List<Batch> batches, FisherPasses curvature, int examples) {
        long tokens = batches.stream().mapToLong(Batch::tokens).sum();
        Map<String, LayerSums.Sums> sums = layoutSums(needs);
        var source = new LayerSums(session.engine(), sums, tokens, examples);
        var programs = new HashMap<String, Loaded>();
        Set<Need> first =
                curvature.areThoseOfTheGradient() ? needs : without(needs, Need.OUTPUT_FACTOR);
        add(programs, batches, sums, first);
        if (!first.equals(needs)) {
            for (FisherPasses.Pass pass : curvature.passes()) {
                for (Batch batch : pass.batches()) {
                    Loaded loaded = program(programs, batch, sums, Set.of(Need.OUTPUT_FACTOR));
                    run(loaded, batch, pass.weights());
                }
            }
        }
        session.engine().trim();
        return source;
    }

    /// `A` and `S` of each layer, tokens expanded, to be read more than once.
    ///
    /// @param batches  with the labels that make `S`
    /// @param examples how many there are
    public LayerFactors factors(List<Batch> batches, int examples) {
        long tokens = batches.stream().mapToLong(Batch::tokens).sum();
        Map<String, LayerSums.Sums> sums = layoutSums(METRIC);
        var factors = new LayerFactors(session.engine(), sums, tokens, examples);
        add(new HashMap<>(), batches, sums, METRIC);
        session.engine().trim();
        return factors;
    }

    /// Adds what is asked for of all batches to the sums.
    private void add(
            Map<String, Loaded> programs,
            List<Batch> batches,
            Map<String, LayerSums.Sums> sums,
            Set<Need> needs) {
        Session.widest(batches)
                .map(batch -> program(programs, batch, sums, needs).program().program())
                .ifPresent(session.engine()::reserve);
        for (Batch batch : batches) {
            run(program(programs, batch, sums, needs), batch);
        }
    }

    private static Set<Need> without(Set<Need> needs, Need other) {
        var left = EnumSet.noneOf(Need.class);
        left.addAll(needs);
        left.remove(other);
        return left;
    }

    /// The program of [#gather] for a shape of batch, planned but not run.
    public Program planned(Set<Need> needs, int rows, int width) {
        return sumProgram("calibrate", rows, width, layoutSums(needs), needs).program().program();
    }

    /// The program of [#tokens] for a shape of batch, planned but not run.
    public Program plannedTokens(int rows, int width) {
        return tokenProgram("tokens", rows, width, new HashMap<>()).program().program();
    }

    /// Bytes of the sums of [#gather].
    public long sumBytes(Set<Need> needs) {
        return layoutSums(needs).values().stream()
                .map(LayerSums.Sums::layout)
                .distinct()
                .mapToLong(Layout::bytes)
                .sum();
    }

    /// One buffer a sum; a graph of any shape tells which layers share their input.
    private Map<String, LayerSums.Sums> layoutSums(Set<Need> needs) {
        var builder =
                new ModelBuilder(
                        new Graph("probe"), session.parameters(), session.adapters(), null);
        int probeRows = 2;
        session.model().build(builder, BatchInputs.of(builder.graph(), probeRows, 2));
        var sharing = new LinkedHashMap<Tensor, List<LinearModule>>();
        for (LinearModule module : modules) {
            Tensor x = builder.taps().get(module.name()).x();
            sharing.computeIfAbsent(x, _ -> new ArrayList<>()).add(module);
        }
        var sums = new LinkedHashMap<String, LayerSums.Sums>();
        Layout layout = new Layout();
        for (var shared : sharing.entrySet()) {
            List<LinearModule> group = shared.getValue();
            boolean pooled = shared.getKey().shape().rows() == probeRows;
            if (layout.bytes() >= PIECE) {
                layout = new Layout();
            }
            long in = group.getFirst().in();
            Buffer A =
                    needs.contains(Need.INPUT_FACTOR)
                            ? sum(layout, group.getFirst(), ".A", in * in)
                            : null;
            for (LinearModule module : group) {
                long out = module.out();
                sums.put(
                        module.name(),
                        new LayerSums.Sums(
                                module,
                                layout,
                                A,
                                needs.contains(Need.OUTPUT_FACTOR)
                                        ? sum(layout, module, ".S", out * out)
                                        : null,
                                needs.contains(Need.GRADIENT)
                                        ? sum(layout, module, ".G", out * in)
                                        : null,
                                pooled));
            }
        }
        return sums;
    }

    /// For each layer the first one that has its input, and whether that is one row an example.
    record Source(String first, boolean pooled) {}

    Map<String, Source> sources() {
        var builder =
                new ModelBuilder(
                        new Graph("probe"), session.parameters(), session.adapters(), null);
        int probeRows = 2;
        session.model().build(builder, BatchInputs.of(builder.graph(), probeRows, 2));
        var first = new IdentityHashMap<Tensor, String>();
        var sources = new LinkedHashMap<String, Source>();
        for (LinearModule module : modules) {
            Tensor x = builder.taps().get(module.name()).x();
            String name = first.computeIfAbsent(x, _ -> module.name());
            sources.put(module.name(), new Source(name, x.shape().rows() == probeRows));
        }
        return sources;
    }

    private static Buffer sum(Layout layout, LinearModule module, String what, long size) {
        return layout.allocate(Region.STATE, module.name() + what, size);
    }

    void run(Loaded loaded, Batch batch) {
        run(loaded, batch, null);
    }

    /// @param weightOf examples' weights, by their places in the data set; null for 1 each
    private void run(Loaded loaded, Batch batch, float[] weightOf) {
        session.requireGoing();
        session.feed(loaded.program(), loaded.inputs(), loaded.labels(), batch);
        float[] weights = new float[batch.rows()];
        for (int row = 0; row < batch.examples().length; row++) {
            weights[row] = weightOf == null ? 1 : weightOf[batch.examples()[row]];
        }
        loaded.program().write(loaded.weights(), weights);
        loaded.program().run();
        requireFinite(loaded.program().read(loaded.losses()), batch);
    }

    /// One example that is not finite makes every sum so: better to name it.
    ///
    /// @throws CgloraException N-STATISTICS
    private static void requireFinite(float[] losses, Batch batch) {
        for (int row = 0; row < batch.examples().length; row++) {
            if (!Float.isFinite(losses[row])) {
                throw new CgloraException(
                        ErrorCode.N_STATISTICS,
                        "calibrate",
                        "the loss of calibration example %d, of %d tokens, is %s"
                                .formatted(
                                        batch.examples()[row] + 1,
                                        batch.lengths()[row],
                                        losses[row]),
                        "look for weights of the model that are not finite (cglora inspect), or"
                                + " for a target that is far too large");
            }
        }
    }

    private Loaded program(
            Map<String, Loaded> programs,
            Batch batch,
            Map<String, LayerSums.Sums> sums,
            Set<Need> needs) {
        String name = "calibrate " + batch.rows() + "×" + batch.width() + " " + needs;
        return programs.computeIfAbsent(
                name, _ -> sumProgram(name, batch.rows(), batch.width(), sums, needs));
    }

    private Loaded sumProgram(
            String name, int rows, int width, Map<String, LayerSums.Sums> sums, Set<Need> needs) {
        boolean gradient = needs.contains(Need.GRADIENT);
        boolean curvature = needs.contains(Need.OUTPUT_FACTOR);
        var graph = new Graph(name);
        var pass = new Pass(graph, rows, width);
        var summed = new IdentityHashMap<Buffer, Boolean>();
        var byOutput = new LinkedHashMap<Tensor, LinearModule>();
        for (LinearModule module : modules) {
            var tap = pass.builder.taps().get(module.name());
            byOutput.put(tap.y(), module);
            LayerSums.Sums s = sums.get(module.name());
            if (needs.contains(Need.INPUT_FACTOR) && summed.put(s.A(), true) == null) {
                Tensor masked = graph.apply(new MaskRows(tap.x(), pass.inputs.lengths()));
                graph.add(new Gram(masked, sum(graph, s.A(), module.in(), module.in())));
            }
        }
        if (!gradient && !curvature) {
            return pass.load(List.of());
        }
        Autodiff.consumeGradients(
                graph,
                pass.loss,
                pass.weights,
                byOutput.keySet(),
                (y, dy) -> {
                    LinearModule module = byOutput.get(y);
                    LayerSums.Sums s = sums.get(module.name());
                    int out = module.out();
                    if (curvature) {
                        graph.add(new Gram(dy, sum(graph, s.S(), out, out)));
                    }
                    if (gradient) {
                        Tensor x = pass.builder.taps().get(module.name()).x();
                        Tensor G = sum(graph, s.G(), out, module.in());
                        graph.add(new Matmul(Matmul.Form.TN, dy, x, 1f, G));
                    }
                });
        return pass.load(List.of());
    }

    private static Tensor sum(Graph graph, Buffer buffer, int rows, int columns) {
        return graph.persistent(buffer.name(), Shape.of(rows, columns), buffer);
    }

    /// The tokens themselves, for the implicit form and for shared weights: memory
    /// `N · (in + out)` a layer.
    ///
    /// @param curvature as in [#factored]
    public Map<String, TokenStatistics> tokens(
            List<Batch> batches, FisherPasses curvature, int examples) {
        return tokens(batches, curvature, examples, Integer.MAX_VALUE, 0);
    }

    /// Some of them: the same tokens in every layer, drawn at random without regard to examples. A
    /// layer behind the pooling sees one row an example, and keeps all.
    ///
    /// @param most how many are kept at most
    public Map<String, TokenStatistics> tokens(
            List<Batch> batches, FisherPasses curvature, int examples, int most, long seed) {
        int tokens = batches.stream().mapToInt(Batch::tokens).sum();
        BitSet chosen = chosen(tokens, most, seed);
        Map<String, Gathered> gradient =
                gather(List.of(new FisherPasses.Pass(batches, null)), chosen);
        Map<String, Gathered> other =
                curvature.areThoseOfTheGradient() ? gradient : gather(curvature.passes(), chosen);
        var statistics = new LinkedHashMap<String, TokenStatistics>();
        for (LinearModule module : modules) {
            Gathered g = gradient.get(module.name());
            Gathered s = other.get(module.name());
            Matrix Gamma = Matrix.of(g.gamma.toArray(float[][]::new));
            statistics.put(
                    module.name(),
                    new TokenStatistics(
                            Matrix.of(g.x.toArray(float[][]::new)),
                            Gamma,
                            s == g ? Gamma : Matrix.of(s.gamma.toArray(float[][]::new)),
                            g.example.stream().mapToInt(Integer::intValue).toArray(),
                            examples,
                            (double) g.x.size() / g.seen));
        }
        return statistics;
    }

    private static BitSet chosen(int tokens, int most, long seed) {
        var chosen = new BitSet(tokens);
        if (most >= tokens) {
            chosen.set(0, tokens);
        } else {
            for (int token : Batcher.draw(tokens, most, seed)) {
                chosen.set(token);
            }
        }
        return chosen;
    }

    private static final class Gathered {
        private final List<float[]> x = new ArrayList<>();
        private final List<float[]> gamma = new ArrayList<>();
        private final List<Integer> example = new ArrayList<>();
        private int seen;

        /// @param first  place of the batch's first token among those of a pass
        /// @param inputs null where only gradients are wanted
        void add(
                LinearModule module,
                Batch batch,
                int first,
                BitSet chosen,
                float[] inputs,
                float[] gradients) {
            int width = gradients.length / module.out() / batch.rows();
            boolean pooled = width < batch.width(); // one row an example
            int token = first;
            for (int row = 0; row < batch.examples().length; row++) {
                for (int t = 0; t < Math.min(width, batch.lengths()[row]); t++) {
                    seen += inputs == null ? 0 : 1;
                    if (!pooled && !chosen.get(token++)) {
                        continue;
                    }
                    int at = row * width + t;
                    gamma.add(slice(gradients, at, module.out()));
                    if (inputs != null) {
                        x.add(slice(inputs, at, module.in()));
                        example.add(batch.examples()[row]);
                    }
                }
            }
        }
    }

    /// @param passes over the same batches; all inputs and examples are those of the first
    /// @param chosen tokens, in the order of the batches
    private Map<String, Gathered> gather(List<FisherPasses.Pass> passes, BitSet chosen) {
        var gathered = new LinkedHashMap<String, Gathered>();
        modules.forEach(module -> gathered.put(module.name(), new Gathered()));
        var programs = new HashMap<String, Loaded>();
        var places = new HashMap<String, Map<String, Tokens>>();
        for (FisherPasses.Pass pass : passes) {
            int first = 0;
            for (Batch batch : pass.batches()) {
                String name = "tokens " + batch.rows() + "×" + batch.width();
                Loaded loaded =
                        programs.computeIfAbsent(
                                name, _ -> tokenProgram(name, batch.rows(), batch.width(), places));
                run(loaded, batch, pass.weights());
                for (LinearModule module : modules) {
                    Tokens place = places.get(name).get(module.name());
                    float[] gamma = loaded.program().read(place.gamma());
                    // the inputs of later passes are the same
                    float[] x = pass == passes.getFirst() ? loaded.program().read(place.x()) : null;
                    gathered.get(module.name()).add(module, batch, first, chosen, x, gamma);
                }
                first += batch.tokens();
            }
        }
        return gathered;
    }

    private static float[] slice(float[] values, int row, int width) {
        return java.util.Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }

    private Loaded tokenProgram(
            String name, int rows, int width, Map<String, Map<String, Tokens>> places) {
        var graph = new Graph(name);
        var pass = new Pass(graph, rows, width);
        var outputs = new ArrayList<Tensor>();
        for (LinearModule module : modules) {
            outputs.add(pass.builder.taps().get(module.name()).y());
        }
        Map<Tensor, Tensor> gradients = Autodiff.gradients(graph, pass.loss, pass.weights, outputs);
        var byModule = new HashMap<String, Tokens>();
        var kept = new ArrayList<Buffer>();
        for (LinearModule module : modules) {
            var tap = pass.builder.taps().get(module.name());
            var tokens = new Tokens(tap.x().buffer(), gradients.get(tap.y()).buffer());
            byModule.put(module.name(), tokens);
            kept.add(tokens.x());
            kept.add(tokens.gamma());
        }
        places.put(name, byModule);
        return pass.load(kept);
    }

    /// The forward pass of a batch's shape, with the examples' losses and their weights.
    final class Pass {
        private final Graph graph;
        final ModelBuilder builder;
        final BatchInputs inputs;
        private final Tensor labels;
        final Tensor weights;
        final Tensor loss;

        Pass(Graph graph, int rows, int width) {
            this.graph = graph;
            this.builder = new ModelBuilder(graph, session.parameters(), session.adapters(), null);
            this.inputs = BatchInputs.of(graph, rows, width);
            var outputs = session.model().build(builder, inputs);
            this.labels = session.model().labelInput(builder, rows);
            this.weights = graph.input("weights", DataType.FLOAT32, Shape.of(rows));
            this.loss = session.model().loss(builder, outputs.logits(), labels);
        }

        Loaded load(List<Buffer> kept) {
            var read = new ArrayList<>(kept);
            read.add(loss.buffer());
            return new Loaded(
                    session.engine().load(graph.compile(read, List.of())),
                    inputs,
                    labels,
                    weights.buffer(),
                    loss.buffer());
        }
    }

    /// The tokens' statistics as one object a layer.
    ///
    /// @param sharing of each layer: what [TokenStatistics#effective] says
    public static StatisticsSource implicit(
            Map<String, TokenStatistics> tokens,
            Function<TokenStatistics, WeightSharing> sharing,
            boolean gram) {
        var statistics = new LinkedHashMap<String, CurvatureStatistics>();
        tokens.forEach(
                (name, t) ->
                        statistics.put(
                                name,
                                gram ? t.gram(sharing.apply(t)) : t.factored(sharing.apply(t))));
        return StatisticsSource.of(statistics);
    }
}
