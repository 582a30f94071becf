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
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.TokenStream;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Gram;
import cglora.models.graph.Graph;
import cglora.models.graph.Matmul;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/// Gathers the curvature of linear layers: one forward and one backward pass over the calibration
/// examples, with the gradient of each term's own loss: an example's, or that of a token that the
/// model is to give. Factors are summed on the engine as soon as a layer's gradient is there; the
/// second-order matrix itself never exists.
///
/// The rows of a layer are the tokens of the sequences that pass through it, which are not the same
/// in every layer of an encoder-decoder model ([TokenStream]); padding takes no part.
public final class CalibrationPass {
    /// Sums of layers are laid out together up to this size, in bytes: few arrays, and memory that
    /// comes back piece by piece.
    private static final long PIECE = 32 << 20;

    /// Sizes of a batch that no program runs with: they tell the streams of tokens apart.
    private static final BatchShape PROBE = new BatchShape(2, 3, 5);

    /// What the metric of predictions is made of.
    public static final Set<Need> METRIC = Set.of(Need.INPUT_FACTOR, Need.OUTPUT_FACTOR);

    record Loaded(LoadedProgram program, TaskGraph task, Buffer weights, Buffer losses) {}

    /// Where a layer's input comes from.
    ///
    /// @param first  the first layer that has this input
    /// @param stream whose tokens are its rows
    record Source(String first, TokenStream stream) {}

    private final Session session;
    private final List<LinearModule> modules;
    private final Map<String, Source> sources;

    public CalibrationPass(Session session, List<LinearModule> modules) {
        this.session = session;
        this.modules = List.copyOf(modules);
        this.sources = sources(session, modules);
    }

    /// A graph of any shape tells which layers share their input, and its rows whose tokens these
    /// are.
    private static Map<String, Source> sources(Session session, List<LinearModule> modules) {
        var builder =
                new ModelBuilder(
                        new Graph("probe"), session.parameters(), session.adapters(), null);
        session.task().graph(builder, PROBE);
        var first = new IdentityHashMap<Tensor, String>();
        var sources = new LinkedHashMap<String, Source>();
        for (LinearModule module : modules) {
            Tensor x = builder.taps().get(module.name()).x();
            String name = first.computeIfAbsent(x, _ -> module.name());
            sources.put(module.name(), new Source(name, stream(x.shape().rows())));
        }
        return sources;
    }

    private static TokenStream stream(int rows) {
        if (rows == PROBE.rows()) {
            return TokenStream.EXAMPLES;
        }
        return rows == PROBE.rows() * PROBE.width() ? TokenStream.SOURCE : TokenStream.TARGET;
    }

    List<LinearModule> modules() {
        return modules;
    }

    /// Whether the session computes layers again for their gradients.
    boolean recomputesLayers() {
        return session.recomputesLayers();
    }

    Source source(LinearModule module) {
        return sources.get(module.name());
    }

    /// Whose tokens are the rows of a layer's input.
    public TokenStream stream(LinearModule module) {
        return source(module).stream();
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
        Map<String, LayerSums.Sums> sums = layoutSums(needs);
        var source = new LayerSums(session.engine(), sums, SampleCounts.of(batches, examples));
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
        Map<String, LayerSums.Sums> sums = layoutSums(METRIC);
        var factors = new LayerFactors(session.engine(), sums, SampleCounts.of(batches, examples));
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
        Evaluator.widest(batches)
                .map(batch -> program(programs, batch, sums, needs).program().program())
                .ifPresent(session.engine()::reserve);
        for (Batch batch : batches) {
            run(program(programs, batch, sums, needs), batch, null);
        }
    }

    private static Set<Need> without(Set<Need> needs, Need other) {
        var left = EnumSet.noneOf(Need.class);
        left.addAll(needs);
        left.remove(other);
        return left;
    }

    /// The program of [#gather] for a shape of batch, planned but not run.
    public Program planned(Set<Need> needs, BatchShape shape) {
        return sumProgram("calibrate", shape, layoutSums(needs), needs).program().program();
    }

    /// The program of [#tokens] for a shape of batch, planned but not run.
    public Program plannedTokens(BatchShape shape) {
        return new TokenRows(this).planned(shape);
    }

    /// Bytes of the sums of [#gather].
    public long sumBytes(Set<Need> needs) {
        return layoutSums(needs).values().stream()
                .map(LayerSums.Sums::layout)
                .distinct()
                .mapToLong(Layout::bytes)
                .sum();
    }

    /// One buffer a sum.
    private Map<String, LayerSums.Sums> layoutSums(Set<Need> needs) {
        var sharing = new LinkedHashMap<String, List<LinearModule>>();
        for (LinearModule module : modules) {
            sharing.computeIfAbsent(source(module).first(), _ -> new ArrayList<>()).add(module);
        }
        var sums = new LinkedHashMap<String, LayerSums.Sums>();
        Layout layout = new Layout();
        for (List<LinearModule> group : sharing.values()) {
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
                                stream(module)));
            }
        }
        return sums;
    }

    private static Buffer sum(Layout layout, LinearModule module, String what, long size) {
        return layout.allocate(Region.STATE, module.name() + what, size);
    }

    /// @param weightOf examples' weights, by their places in the data set; null for 1 each term
    void run(Loaded loaded, Batch batch, float[] weightOf) {
        session.requireGoing();
        loaded.task().feed(loaded.program(), batch);
        float[] weights = batch.weights(1f);
        if (weightOf != null) {
            for (int row = 0; row < batch.examples().length; row++) {
                weights[row] = weightOf[batch.examples()[row]];
            }
        }
        loaded.program().write(loaded.weights(), weights);
        loaded.program().run();
        requireFinite(loaded.program().read(loaded.losses()), batch);
    }

    /// One example that is not finite makes every sum so: better to name it.
    ///
    /// @throws CgloraException N-STATISTICS
    private static void requireFinite(float[] losses, Batch batch) {
        int terms = losses.length / batch.rows();
        for (int i = 0; i < batch.examples().length * terms; i++) {
            if (!Float.isFinite(losses[i])) {
                int row = i / terms;
                throw new CgloraException(
                        ErrorCode.N_STATISTICS,
                        "calibrate",
                        "the loss of calibration example %d, of %d tokens, is %s"
                                .formatted(
                                        batch.examples()[row] + 1, batch.lengths()[row], losses[i]),
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
        String name = "calibrate " + batch.shape() + " " + needs;
        return programs.computeIfAbsent(name, _ -> sumProgram(name, batch.shape(), sums, needs));
    }

    private Loaded sumProgram(
            String name, BatchShape shape, Map<String, LayerSums.Sums> sums, Set<Need> needs) {
        boolean gradient = needs.contains(Need.GRADIENT);
        boolean curvature = needs.contains(Need.OUTPUT_FACTOR);
        var graph = new Graph(name);
        var pass = new Pass(graph, shape, session.recomputesLayers());
        var summed = new IdentityHashMap<Buffer, Boolean>();
        var byOutput = new LinkedHashMap<Tensor, LinearModule>();
        Consumer<LinearModule> addInput =
                module -> {
                    Buffer A = sums.get(module.name()).A();
                    if (needs.contains(Need.INPUT_FACTOR) && summed.put(A, true) == null) {
                        Tensor x = graph.latest(pass.tap(module).x());
                        Tensor masked = pass.task.masked(graph, stream(module), x);
                        graph.add(new Gram(masked, sum(graph, A, module.in(), module.in())));
                    }
                };
        boolean backward = gradient || curvature;
        for (LinearModule module : modules) {
            byOutput.put(pass.tap(module).y(), module);
            // what layers are computed again for is there when their gradients are
            if (!backward || !session.recomputesLayers()) {
                addInput.accept(module);
            }
        }
        if (!backward) {
            return pass.load(List.of());
        }
        Autodiff.consumeGradients(
                graph,
                pass.task.loss(),
                pass.weights,
                byOutput.keySet(),
                (y, dy) -> {
                    LinearModule module = byOutput.get(y);
                    LayerSums.Sums s = sums.get(module.name());
                    int out = module.out();
                    addInput.accept(module);
                    if (curvature) {
                        graph.add(new Gram(dy, sum(graph, s.S(), out, out)));
                    }
                    if (gradient) {
                        Tensor x = graph.latest(pass.tap(module).x());
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

    /// Some of them: the same tokens in every layer that the same stream passes through, drawn at
    /// random without regard to examples. A layer behind the pooling sees one row an example, and
    /// keeps all.
    ///
    /// @param most how many of a stream are kept at most
    public Map<String, TokenStatistics> tokens(
            List<Batch> batches, FisherPasses curvature, int examples, int most, long seed) {
        return new TokenRows(this).gather(batches, curvature, examples, most, seed);
    }

    /// The forward pass of a batch's shape, with the losses of its terms and their weights.
    final class Pass {
        private final Graph graph;
        private final ModelBuilder builder;
        final TaskGraph task;
        final Tensor weights;

        /// Keeps what its layers compute.
        Pass(Graph graph, BatchShape shape) {
            this(graph, shape, false);
        }

        /// @param recomputes whether layers are computed again for their gradients; where their
        ///     inputs are then is said by [Graph#latest]
        Pass(Graph graph, BatchShape shape, boolean recomputes) {
            this.graph = graph;
            this.builder =
                    new ModelBuilder(graph, session.parameters(), session.adapters(), null)
                            .withGradientCheckpointing(recomputes);
            this.task = session.task().graph(builder, shape);
            this.weights = graph.input("weights", DataType.FLOAT32, task.loss().shape());
        }

        ModelBuilder.Tap tap(LinearModule module) {
            return builder.taps().get(module.name());
        }

        Loaded load(List<Buffer> kept) {
            var read = new ArrayList<>(kept);
            read.add(task.loss().buffer());
            return new Loaded(
                    session.engine().load(graph.compile(read, List.of())),
                    task,
                    weights.buffer(),
                    task.loss().buffer());
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
