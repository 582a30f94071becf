package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
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
    /// What the metric of predictions is made of.
    public static final Set<Need> METRIC = Set.of(Need.INPUT_FACTOR, Need.OUTPUT_FACTOR);

    private final Session session;
    private final List<LinearModule> modules;
    private final LayerInputs inputs;

    public CalibrationPass(Session session, List<LinearModule> modules) {
        this.session = session;
        this.modules = List.copyOf(modules);
        this.inputs = LayerInputs.of(session, modules);
    }

    /// Whose tokens are the rows of a layer's input.
    public TokenStream stream(LinearModule module) {
        return inputs.stream(module);
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
        Map<String, LayerSums.Sums> sums =
                LayerSums.layout(session.engine(), needs, modules, inputs);
        var source = new LayerSums(session.engine(), sums, SampleCounts.of(batches, examples));
        var programs = new HashMap<String, LossProgram>();
        Set<Need> first =
                curvature.areThoseOfTheGradient() ? needs : without(needs, Need.OUTPUT_FACTOR);
        add(programs, batches, sums, first);
        if (!first.equals(needs)) {
            for (FisherPasses.Pass pass : curvature.passes()) {
                for (Batch batch : pass.batches()) {
                    program(programs, batch, sums, Set.of(Need.OUTPUT_FACTOR))
                            .run(batch, pass.weights());
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
        Map<String, LayerSums.Sums> sums =
                LayerSums.layout(session.engine(), METRIC, modules, inputs);
        var factors = new LayerFactors(session.engine(), sums, SampleCounts.of(batches, examples));
        add(new HashMap<>(), batches, sums, METRIC);
        session.engine().trim();
        return factors;
    }

    /// Adds what is asked for of all batches to the sums.
    private void add(
            Map<String, LossProgram> programs,
            List<Batch> batches,
            Map<String, LayerSums.Sums> sums,
            Set<Need> needs) {
        Evaluator.widest(batches)
                .map(batch -> program(programs, batch, sums, needs).plan())
                .ifPresent(session.engine()::reserve);
        for (Batch batch : batches) {
            program(programs, batch, sums, needs).run(batch, null);
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
        return sumProgram(
                        "calibrate",
                        shape,
                        LayerSums.layout(session.engine(), needs, modules, inputs),
                        needs)
                .plan();
    }

    /// The program of [#tokens] for a shape of batch, planned but not run.
    public Program plannedTokens(BatchShape shape) {
        return new TokenRows(session, modules, inputs).planned(shape);
    }

    /// Bytes of the sums of [#gather].
    public long sumBytes(Set<Need> needs) {
        return LayerSums.layout(session.engine(), needs, modules, inputs).values().stream()
                .map(LayerSums.Sums::layout)
                .distinct()
                .mapToLong(Layout::bytes)
                .sum();
    }

    private LossProgram program(
            Map<String, LossProgram> programs,
            Batch batch,
            Map<String, LayerSums.Sums> sums,
            Set<Need> needs) {
        String name = "calibrate " + batch.shape() + " " + needs;
        return programs.computeIfAbsent(name, _ -> sumProgram(name, batch.shape(), sums, needs));
    }

    private LossProgram sumProgram(
            String name, BatchShape shape, Map<String, LayerSums.Sums> sums, Set<Need> needs) {
        boolean gradient = needs.contains(Need.GRADIENT);
        boolean curvature = needs.contains(Need.OUTPUT_FACTOR);
        var graph = new Graph(name);
        var pass = new LossGraph(session, graph, shape, session.recomputesLayers());
        var summed = new IdentityHashMap<Buffer, Boolean>();
        var byOutput = new LinkedHashMap<Tensor, LinearModule>();
        Consumer<LinearModule> addInput =
                module -> {
                    Buffer A = sums.get(module.name()).A();
                    if (needs.contains(Need.INPUT_FACTOR) && summed.put(A, true) == null) {
                        Tensor x = graph.latest(pass.tap(module).x());
                        Tensor masked = pass.task().masked(graph, inputs.stream(module), x);
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
                pass.task().loss(),
                pass.weights(),
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
        return new TokenRows(session, modules, inputs)
                .gather(batches, curvature, examples, most, seed);
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
