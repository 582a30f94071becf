package cglora.models.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.DataType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every op's gradient against central differences of `Σ y · dy`, for each of its inputs along
/// random directions.
class OpGradientTest {
    /// An op over inputs that it is given.
    private record Sample(
            Class<?> op, String name, List<Spec> inputs, Function<List<Tensor>, Op> make) {
        @Override
        public String toString() {
            return name;
        }
    }

    /// An input: floats that are differentiated, or ints below a bound.
    private record Spec(Shape shape, int bound) {
        static Spec floats(int... extents) {
            return new Spec(Shape.of(extents), 0);
        }

        static Spec ints(int bound, int... extents) {
            return new Spec(Shape.of(extents), bound);
        }

        boolean isInt() {
            return bound > 0;
        }
    }

    private static Spec f(int... extents) {
        return Spec.floats(extents);
    }

    static Stream<Sample> samples() {
        return Stream.of(
                new Sample(
                        AddInto.class,
                        "AddInto",
                        List.of(f(3, 5), f(3, 5)),
                        t -> new AddInto(t.get(0), t.get(1))),
                new Sample(Copy.class, "Copy", List.of(f(3, 5)), t -> new Copy(t.get(0))),
                new Sample(
                        Attention.class,
                        "Attention",
                        List.of(f(14, 6), f(14, 6), f(14, 6), Spec.ints(7, 2)),
                        t -> new Attention(t.get(0), t.get(1), t.get(2), t.get(3), 2, 0.577f)),
                new Sample(
                        BiasGelu.class,
                        "BiasGelu exact",
                        List.of(f(4, 7), f(7)),
                        t -> new BiasGelu(t.get(0), t.get(1), true)),
                new Sample(
                        BiasGelu.class,
                        "BiasGelu tanh",
                        List.of(f(4, 7), f(7)),
                        t -> new BiasGelu(t.get(0), t.get(1), false)),
                new Sample(
                        ClsPool.class,
                        "ClsPool",
                        List.of(f(6, 5), Spec.ints(3, 2)),
                        t -> new ClsPool(t.get(0), t.get(1))),
                new Sample(
                        MeanPool.class,
                        "MeanPool",
                        List.of(f(6, 5), Spec.ints(3, 2)),
                        t -> new MeanPool(t.get(0), t.get(1))),
                new Sample(
                        CrossEntropy.class,
                        "CrossEntropy",
                        List.of(f(5, 3), Spec.ints(3, 5)),
                        t -> new CrossEntropy(t.get(0), t.get(1))),
                new Sample(
                        Dropout.class,
                        "Dropout",
                        List.of(f(6, 5), Spec.ints(9, 1)),
                        t -> new Dropout(t.get(0), t.get(1), 17, 0.4f)),
                new Sample(
                        EmbeddingSum.class,
                        "EmbeddingSum",
                        List.of(
                                Spec.ints(7, 6),
                                Spec.ints(3, 6),
                                Spec.ints(2, 6),
                                f(7, 4),
                                f(3, 4),
                                f(2, 4)),
                        t ->
                                new EmbeddingSum(
                                        t.get(0), t.get(1), t.get(2), t.get(3), t.get(4),
                                        t.get(5))),
                new Sample(
                        LayerNorm.class,
                        "LayerNorm",
                        List.of(f(3, 8), f(8), f(8)),
                        t -> new LayerNorm(t.get(0), t.get(1), t.get(2), 1e-5f)),
                new Sample(
                        ResidualLayerNorm.class,
                        "ResidualLayerNorm",
                        List.of(f(3, 8), f(8), f(3, 8), f(8), f(8)),
                        t ->
                                new ResidualLayerNorm(
                                        t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), 1e-5f)),
                new Sample(
                        Linear.class,
                        "Linear",
                        List.of(f(5, 3), f(4, 3), f(4)),
                        t -> new Linear(t.get(0), t.get(1), t.get(2))),
                new Sample(
                        LoraLinear.class,
                        "LoraLinear",
                        List.of(f(5, 7), f(6, 7), f(6), f(2, 7), f(6, 2)),
                        t -> new LoraLinear(t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), 2f)),
                new Sample(
                        LowRankUpdate.class,
                        "LowRankUpdate",
                        List.of(f(5, 6), f(5, 2), f(6, 2)),
                        t -> new LowRankUpdate(t.get(0), t.get(1), t.get(2), 2f)),
                new Sample(
                        Matmul.class,
                        "Matmul NN",
                        List.of(f(3, 5), f(5, 4)),
                        t -> new Matmul(Matmul.Form.NN, t.get(0), t.get(1), 0.5f, null)),
                new Sample(
                        Matmul.class,
                        "Matmul NT",
                        List.of(f(3, 5), f(4, 5)),
                        t -> new Matmul(Matmul.Form.NT, t.get(0), t.get(1), 0.5f, null)),
                new Sample(
                        Matmul.class,
                        "Matmul TN added",
                        List.of(f(5, 3), f(5, 4), f(3, 4)),
                        t -> new Matmul(Matmul.Form.TN, t.get(0), t.get(1), 0.5f, t.get(2))),
                new Sample(
                        SquaredError.class,
                        "SquaredError",
                        List.of(f(5, 1), f(5)),
                        t -> new SquaredError(t.get(0), t.get(1))),
                new Sample(Tanh.class, "Tanh", List.of(f(4, 7)), t -> new Tanh(t.get(0))));
    }

    /// Inputs that have no gradient although they are floats.
    private static boolean isConstant(Sample sample, int input) {
        return sample.op() == SquaredError.class && input == 1
                || sample.op() == LoraLinear.class && input == 1;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void equalsCentralDifferences(Sample sample) {
        var random = new Random(sample.name().hashCode());
        var graph = new Graph("op");
        var tensors = new ArrayList<Tensor>();
        var values = new LinkedHashMap<Tensor, float[]>();
        for (Spec spec : sample.inputs()) {
            Tensor tensor =
                    graph.input(
                            "x" + tensors.size(),
                            spec.isInt() ? DataType.INT32 : DataType.FLOAT32,
                            spec.shape());
            tensors.add(tensor);
            float[] drawn = new float[(int) spec.shape().size()];
            for (int i = 0; i < drawn.length; i++) {
                drawn[i] =
                        spec.isInt()
                                ? (sample.op() == Attention.class
                                        ? spec.bound() - i * 3
                                        : random.nextInt(spec.bound()))
                                : (float) random.nextGaussian();
            }
            values.put(tensor, drawn);
        }
        // ops that work in place must not write into the inputs themselves
        var copies = new ArrayList<Tensor>();
        for (Tensor tensor : tensors) {
            copies.add(tensor.type() == DataType.INT32 ? tensor : graph.apply(new Copy(tensor)));
        }
        Tensor y = graph.apply(sample.make().apply(copies));
        Tensor dy = graph.input("dy", DataType.FLOAT32, y.shape());
        float[] direction = new float[(int) y.shape().size()];
        for (int i = 0; i < direction.length; i++) {
            direction[i] = (float) random.nextGaussian();
        }
        var wanted = new ArrayList<Tensor>();
        for (int i = 0; i < tensors.size(); i++) {
            if (!sample.inputs().get(i).isInt() && !isConstant(sample, i)) {
                wanted.add(tensors.get(i));
            }
        }
        Tensor kept = graph.apply(new Copy(y));
        Map<Tensor, Tensor> gradients = Autodiff.gradients(graph, y, dy, wanted);
        var outputs = new ArrayList<>(gradients.values());
        outputs.add(kept);
        try (var engine = new JvmEngine(1)) {
            LoadedProgram program = engine.load(graph.compile(outputs));
            program.write(dy.buffer(), direction);
            run(program, values);
            var analytic = new LinkedHashMap<Tensor, float[]>();
            wanted.forEach(t -> analytic.put(t, program.read(gradients.get(t).buffer())));
            for (Tensor tensor : wanted) {
                for (int repetition = 0; repetition < 4; repetition++) {
                    float[] original = values.get(tensor);
                    float[] step = new float[original.length];
                    double expected = 0;
                    double scale = 1e-3;
                    for (int i = 0; i < step.length; i++) {
                        step[i] = (float) random.nextGaussian();
                        expected += (double) step[i] * analytic.get(tensor)[i];
                        scale += Math.abs((double) step[i] * analytic.get(tensor)[i]);
                    }
                    double h = 1e-2;
                    double coarse = difference(program, values, tensor, step, h, kept, direction);
                    double fine = difference(program, values, tensor, step, h / 2, kept, direction);
                    double extrapolated = (4 * fine - coarse) / 3;
                    assertThat(extrapolated)
                            .as("%s, input %s", sample, tensor)
                            .isCloseTo(expected, within(2e-3 * scale));
                }
            }
        }
    }

    private static void run(LoadedProgram program, Map<Tensor, float[]> values) {
        values.forEach(
                (tensor, data) -> {
                    if (tensor.type() == DataType.INT32) {
                        int[] ints = new int[data.length];
                        for (int i = 0; i < ints.length; i++) {
                            ints[i] = (int) data[i];
                        }
                        program.write(tensor.buffer(), ints);
                    } else {
                        program.write(tensor.buffer(), data);
                    }
                });
        program.run();
    }

    private static double difference(
            LoadedProgram program,
            Map<Tensor, float[]> values,
            Tensor tensor,
            float[] step,
            double h,
            Tensor y,
            float[] direction) {
        double up = moved(program, values, tensor, step, h, y, direction);
        double down = moved(program, values, tensor, step, -h, y, direction);
        return (up - down) / (2 * h);
    }

    private static double moved(
            LoadedProgram program,
            Map<Tensor, float[]> values,
            Tensor tensor,
            float[] step,
            double h,
            Tensor y,
            float[] direction) {
        var changed = new LinkedHashMap<>(values);
        float[] data = values.get(tensor).clone();
        for (int i = 0; i < data.length; i++) {
            data[i] += (float) (h * step[i]);
        }
        changed.put(tensor, data);
        run(program, changed);
        float[] result = program.read(y.buffer());
        double sum = 0;
        for (int i = 0; i < result.length; i++) {
            sum += (double) result[i] * direction[i];
        }
        return sum;
    }

    @Test
    void everyOpWithAGradientHasASample() {
        Set<Class<?>> sampled = samples().map(Sample::op).collect(Collectors.toSet());
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            boolean differentiable =
                    Stream.of(op.getDeclaredMethods())
                            .anyMatch(m -> m.getName().equals("gradients"));
            assertThat(!differentiable || sampled.contains(op))
                    .as(op.getSimpleName() + " has a gradient rule and no sample")
                    .isTrue();
        }
    }

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
