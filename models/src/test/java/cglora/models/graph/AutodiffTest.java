package cglora.models.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.check.Float64;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.DataType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AutodiffTest {
    @Test
    void sharedGradientsAreNotOverwritten() {
        // z = (x + x·w) reaches x twice, and both paths see the same dz
        var graph = new Graph("shared");
        Tensor x = graph.input("x", DataType.FLOAT32, Shape.of(2, 2));
        Tensor w = graph.input("w", DataType.FLOAT32, Shape.of(2, 2));
        Tensor product = graph.apply(Matmul.of(Matmul.Form.NN, x, w));
        Tensor z = graph.apply(new AddInto(x, product));
        Tensor dz = graph.input("dz", DataType.FLOAT32, Shape.of(2, 2));
        Map<Tensor, Tensor> gradients = Autodiff.gradients(graph, z, dz, List.of(x, w));
        try (var engine = new JvmEngine(1)) {
            LoadedProgram program = engine.load(graph.compile(List.copyOf(gradients.values())));
            program.write(x.buffer(), new float[] {1, 2, 3, 4});
            program.write(w.buffer(), new float[] {0.5f, 1, 2, -1});
            program.write(dz.buffer(), new float[] {1, 0, 0, 1});
            program.run();
            // dx = dz + dz·wᵀ, dw = xᵀ·dz
            assertThat(program.read(gradients.get(x).buffer())).containsExactly(1.5f, 2, 1, 0);
            assertThat(program.read(gradients.get(w).buffer())).containsExactly(1, 3, 2, 4);
        }
    }

    /// Ops that hand on their gradient as it is, ops that add to one in place, and tensors that
    /// several of them use, in any order.
    @Test
    void gradientsOfRandomGraphsEqualCentralDifferencesOfFloat64() {
        for (int seed = 0; seed < 200; seed++) {
            var graph = new Graph("random");
            var random = new Random(seed);
            var values = new LinkedHashMap<Tensor, double[]>();
            var tensors = new ArrayList<Tensor>();
            for (int i = 0; i < 3; i++) {
                tensors.add(draw(graph, random, values));
            }
            List<Tensor> inputs = List.copyOf(tensors);
            for (int i = 0; i < 8; i++) {
                Tensor a = tensors.get(random.nextInt(tensors.size()));
                Tensor b = tensors.get(random.nextInt(tensors.size()));
                tensors.add(graph.apply(op(graph, random.nextInt(4), a, b)));
            }
            Tensor sum = graph.apply(new Copy(tensors.getFirst()));
            for (Tensor tensor : tensors) {
                sum = graph.apply(new AddInto(tensor, sum));
            }
            checkGradients(
                    "seed " + seed,
                    graph,
                    graph.apply(new Linear(sum, inputs.getFirst(), null)),
                    inputs,
                    values,
                    random);
        }
    }

    private static void checkGradients(
            String what,
            Graph graph,
            Tensor y,
            List<Tensor> inputs,
            Map<Tensor, double[]> values,
            Random random) {
        Tensor dy = draw(graph, random, values);
        Map<Tensor, Tensor> gradients = Autodiff.gradients(graph, y, dy, inputs);
        try (var engine = new JvmEngine(1)) {
            LoadedProgram program = engine.load(graph.compile(List.copyOf(gradients.values())));
            values.forEach((t, elements) -> program.write(t.buffer(), Float64.toFloat(elements)));
            program.run();
            for (Tensor x : inputs) {
                double[] actual = Float64.of(program.read(gradients.get(x).buffer()));
                double[] direction =
                        Float64.vector(actual.length, _ -> random.nextBoolean() ? 1 : -1);
                double[] slopes =
                        FiniteDifference.along(
                                at -> float64(values, x, at, y), values.get(x), direction);
                double[] seed = values.get(dy);
                assertThat(Float64.sum(actual.length, i -> actual[i] * direction[i]))
                        .as("%s, gradient of %s in %s", what, x, graph.nodes())
                        .isCloseTo(
                                Float64.sum(seed.length, i -> seed[i] * slopes[i]),
                                within(1e-5 * (1 + norm(seed) * norm(slopes))));
            }
        }
    }

    /// The same for parts that are computed again, which read each other's tensors in any order:
    /// the same bits as without.
    @Test
    void partsThatAreComputedAgainHaveTheSameGradients() {
        for (int seed = 0; seed < 200; seed++) {
            List<float[]> kept = randomParts(seed, false);
            List<float[]> again = randomParts(seed, true);
            for (int i = 0; i < kept.size(); i++) {
                assertThat(again.get(i)).as("seed %d, gradient %d", seed, i).isEqualTo(kept.get(i));
            }
        }
    }

    /// Gradients of three inputs and of a tensor within a part.
    private static List<float[]> randomParts(int seed, boolean again) {
        var graph = new Graph("parts");
        var random = new Random(seed);
        var values = new LinkedHashMap<Tensor, double[]>();
        var tensors = new ArrayList<Tensor>();
        for (int i = 0; i < 3; i++) {
            tensors.add(draw(graph, random, values));
        }
        var wanted = new ArrayList<>(tensors);
        for (int part = 0; part < 4; part++) {
            Supplier<Tensor> ops =
                    () -> {
                        for (int i = 0; i < 4; i++) {
                            Tensor a = tensors.get(random.nextInt(tensors.size()));
                            Tensor b = tensors.get(random.nextInt(tensors.size()));
                            tensors.add(graph.apply(op(graph, random.nextInt(4), a, b)));
                        }
                        return tensors.getLast();
                    };
            if (again) {
                graph.recomputed(ops);
            } else {
                var _ = ops.get();
            }
        }
        wanted.add(tensors.get(6));
        Tensor sum = graph.apply(new Copy(tensors.getFirst()));
        for (Tensor tensor : tensors) {
            sum = graph.apply(new AddInto(tensor, sum));
        }
        Tensor dy = draw(graph, random, values);
        Tensor y = graph.apply(new Linear(sum, wanted.getFirst(), null));
        int forward = graph.nodes().size();
        Map<Tensor, Tensor> gradients = Autodiff.gradients(graph, y, dy, wanted);
        assertThat(graph.nodes().stream().skip(forward).anyMatch(Node::isAgain)).isEqualTo(again);
        try (var engine = new JvmEngine(1)) {
            LoadedProgram program = engine.load(graph.compile(List.copyOf(gradients.values())));
            values.forEach((t, elements) -> program.write(t.buffer(), Float64.toFloat(elements)));
            program.run();
            return wanted.stream().map(x -> program.read(gradients.get(x).buffer())).toList();
        }
    }

    /// What nobody reads is not computed again.
    @Test
    void onlyWhatAGradientReadsIsComputedAgain() {
        var graph = new Graph("needed");
        Tensor x = graph.input("x", DataType.FLOAT32, Shape.of(4, 3));
        Tensor w1 = graph.input("w1", DataType.FLOAT32, Shape.of(3, 3));
        Tensor w2 = graph.input("w2", DataType.FLOAT32, Shape.of(3, 3));
        Tensor y =
                graph.recomputed(
                        () -> {
                            Tensor h = graph.apply(new Tanh(graph.apply(new Linear(x, w1, null))));
                            return graph.apply(
                                    new AddInto(x, graph.apply(new Linear(h, w2, null))));
                        });
        Tensor dy = graph.input("dy", DataType.FLOAT32, Shape.of(4, 3));
        var gradients = Autodiff.gradients(graph, y, dy, List.of(w1));
        // forward 4; again the first product and the tanh; gradients: the second product's, tanh's
        // and the weight's
        assertThat(graph.compile(List.copyOf(gradients.values())).launches()).hasSize(4 + 2 + 3);
    }

    private static double[] float64(Map<Tensor, double[]> values, Tensor x, double[] at, Tensor y) {
        var changed = new HashMap<>(values);
        changed.put(x, at);
        return new Float64Values(changed).of(y);
    }

    private static double norm(double[] x) {
        return Math.sqrt(Float64.sum(x.length, i -> x[i] * x[i]));
    }

    private static Tensor draw(Graph graph, Random random, Map<Tensor, double[]> values) {
        Tensor tensor = graph.input("x" + values.size(), DataType.FLOAT32, Shape.of(3, 3));
        values.put(tensor, Float64.vector(9, _ -> (float) (0.5 * random.nextGaussian())));
        return tensor;
    }

    private static Op op(Graph graph, int kind, Tensor a, Tensor b) {
        return switch (kind) {
            case 0 -> new AddInto(a, graph.apply(new Copy(b)));
            case 1 -> new Linear(a, graph.apply(new Tanh(b)), null);
            case 2 -> new Matmul(Matmul.Form.NN, a, b, 0.3f, null);
            default -> new Tanh(a);
        };
    }

    @Test
    void nothingIsBuiltForFrozenWeights() {
        var graph = new Graph("frozen");
        Tensor x = graph.input("x", DataType.FLOAT32, Shape.of(4, 3));
        Tensor w1 = graph.input("w1", DataType.FLOAT32, Shape.of(5, 3));
        Tensor w2 = graph.input("w2", DataType.FLOAT32, Shape.of(2, 5));
        Tensor h = graph.apply(new Linear(x, w1, null));
        Tensor y = graph.apply(new Linear(h, w2, null));
        Tensor dy = graph.input("dy", DataType.FLOAT32, Shape.of(4, 2));
        Autodiff.gradients(graph, y, dy, List.of(w2));
        // two products forward, one for w2; nothing for x, w1 or h
        assertThat(graph.nodes()).hasSize(3);
    }
}
