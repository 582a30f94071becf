package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Program;
import cglora.models.block.LinearModule;
import cglora.models.curvature.TokenStatistics;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Batcher;
import cglora.models.data.TokenStream;
import cglora.models.graph.Autodiff;
import cglora.models.graph.Graph;
import cglora.models.graph.Tensor;
import cglora.models.linalg.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the inputs and output gradients of layers, a row a token.
final class TokenRows {
    private final Session session;
    private final List<LinearModule> modules;
    private final LayerInputs inputs;
    private final Map<String, LossProgram> programs = new HashMap<>();
    private final Map<String, Map<String, Places>> places = new HashMap<>();

    /// Where a program leaves what is read of a layer.
    private record Places(Buffer x, Buffer gamma) {}

    TokenRows(Session session, List<LinearModule> modules, LayerInputs inputs) {
        this.session = session;
        this.modules = modules;
        this.inputs = inputs;
    }

    /// As [CalibrationPass#tokens].
    Map<String, TokenStatistics> gather(
            List<Batch> batches, FisherPasses curvature, int examples, int most, long seed) {
        SampleCounts counts = SampleCounts.of(batches, examples);
        var chosen = new EnumMap<TokenStream, BitSet>(TokenStream.class);
        for (TokenStream stream : TokenStream.values()) {
            boolean all = stream == TokenStream.EXAMPLES;
            chosen.put(stream, chosen(counts.of(stream), all ? Integer.MAX_VALUE : most, seed));
        }
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
                            (double) g.x.size() / g.seen,
                            counts.terms()));
        }
        return statistics;
    }

    private static BitSet chosen(long rows, int most, long seed) {
        int count = Math.toIntExact(rows);
        var chosen = new BitSet(count);
        if (most >= count) {
            chosen.set(0, count);
        } else {
            for (int row : Batcher.draw(count, most, seed)) {
                chosen.set(row);
            }
        }
        return chosen;
    }

    /// The rows of one layer.
    private static final class Gathered {
        private final List<float[]> x = new ArrayList<>();
        private final List<float[]> gamma = new ArrayList<>();
        private final List<Integer> example = new ArrayList<>();
        private int next;
        private int seen;

        /// A pass over all batches begins.
        void begin() {
            next = 0;
        }

        /// @param lengths rows of each sequence
        /// @param inputs  null where only gradients are wanted
        void add(
                LinearModule module,
                Batch batch,
                int[] lengths,
                BitSet chosen,
                float[] inputs,
                float[] gradients) {
            int width = gradients.length / module.out() / batch.rows();
            for (int row = 0; row < batch.examples().length; row++) {
                for (int t = 0; t < lengths[row]; t++) {
                    seen += inputs == null ? 0 : 1;
                    if (!chosen.get(next++)) {
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

    private static float[] slice(float[] values, int row, int width) {
        return Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }

    /// @param passes over the same batches; all inputs and examples are those of the first
    /// @param chosen rows of each stream, in the order of the batches
    private Map<String, Gathered> gather(
            List<FisherPasses.Pass> passes, Map<TokenStream, BitSet> chosen) {
        var gathered = new LinkedHashMap<String, Gathered>();
        modules.forEach(module -> gathered.put(module.name(), new Gathered()));
        for (FisherPasses.Pass labels : passes) {
            gathered.values().forEach(Gathered::begin);
            for (Batch batch : labels.batches()) {
                String name = "tokens " + batch.shape();
                LossProgram loaded =
                        programs.computeIfAbsent(name, _ -> program(name, batch.shape()));
                loaded.run(batch, labels.weights());
                for (LinearModule module : modules) {
                    TokenStream stream = inputs.stream(module);
                    Places place = places.get(name).get(module.name());
                    float[] gamma = loaded.program().read(place.gamma());
                    // the inputs of later passes are the same
                    boolean first = labels == passes.getFirst();
                    float[] x = first ? loaded.program().read(place.x()) : null;
                    gathered.get(module.name())
                            .add(
                                    module,
                                    batch,
                                    batch.lengths(stream),
                                    chosen.get(stream),
                                    x,
                                    gamma);
                }
            }
        }
        return gathered;
    }

    /// The program for a shape of batch, planned but not run.
    Program planned(BatchShape shape) {
        return program("tokens", shape).plan();
    }

    private LossProgram program(String name, BatchShape shape) {
        var graph = new Graph(name);
        var forward = new LossGraph(session, graph, shape, false);
        var outputs = new ArrayList<Tensor>();
        for (LinearModule module : modules) {
            outputs.add(forward.tap(module).y());
        }
        Map<Tensor, Tensor> gradients =
                Autodiff.gradients(graph, forward.task().loss(), forward.weights(), outputs);
        var byModule = new HashMap<String, Places>();
        var kept = new ArrayList<Buffer>();
        for (LinearModule module : modules) {
            var tap = forward.tap(module);
            var of = new Places(tap.x().buffer(), gradients.get(tap.y()).buffer());
            byModule.put(module.name(), of);
            kept.add(of.x());
            kept.add(of.gamma());
        }
        places.put(name, byModule);
        return forward.load(kept);
    }
}
