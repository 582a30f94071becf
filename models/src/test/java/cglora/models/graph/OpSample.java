package cglora.models.graph;

import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Program;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// An op over inputs that it is given: every op that has a gradient, in every form, small.
record OpSample(
        Class<? extends Op> op, String name, List<Spec> inputs, Function<List<Tensor>, Op> make) {
    /// An input: floats that are differentiated, or ints below a bound.
    record Spec(Shape shape, int bound) {
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

    static Stream<OpSample> all() {
        return Stream.of(
                new OpSample(
                        AddInto.class,
                        "AddInto",
                        List.of(f(3, 5), f(3, 5)),
                        t -> new AddInto(t.get(0), t.get(1))),
                new OpSample(Copy.class, "Copy", List.of(f(3, 5)), t -> new Copy(t.get(0))),
                new OpSample(
                        Attention.class,
                        "Attention",
                        List.of(f(14, 6), f(14, 6), f(14, 6), Spec.ints(7, 2)),
                        t -> new Attention(t.get(0), t.get(1), t.get(2), t.get(3), 2, 0.577f)),
                new OpSample(
                        BiasGelu.class,
                        "BiasGelu exact",
                        List.of(f(4, 7), f(7)),
                        t -> new BiasGelu(t.get(0), t.get(1), true)),
                new OpSample(
                        BiasGelu.class,
                        "BiasGelu tanh",
                        List.of(f(4, 7), f(7)),
                        t -> new BiasGelu(t.get(0), t.get(1), false)),
                new OpSample(
                        ClsPool.class,
                        "ClsPool",
                        List.of(f(6, 5), Spec.ints(3, 2)),
                        t -> new ClsPool(t.get(0), t.get(1))),
                new OpSample(
                        MeanPool.class,
                        "MeanPool",
                        List.of(f(6, 5), Spec.ints(3, 2)),
                        t -> new MeanPool(t.get(0), t.get(1))),
                new OpSample(
                        CrossEntropy.class,
                        "CrossEntropy",
                        List.of(f(5, 3), Spec.ints(3, 5)),
                        t -> new CrossEntropy(t.get(0), t.get(1))),
                new OpSample(
                        Dropout.class,
                        "Dropout",
                        List.of(f(6, 5), Spec.ints(9, 1)),
                        t -> new Dropout(t.get(0), t.get(1), 17, 0.4f)),
                new OpSample(
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
                new OpSample(
                        LayerNorm.class,
                        "LayerNorm",
                        List.of(f(3, 8), f(8), f(8)),
                        t -> new LayerNorm(t.get(0), t.get(1), t.get(2), 1e-5f)),
                new OpSample(
                        ResidualLayerNorm.class,
                        "ResidualLayerNorm",
                        List.of(f(3, 8), f(8), f(3, 8), f(8), f(8)),
                        t ->
                                new ResidualLayerNorm(
                                        t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), 1e-5f)),
                new OpSample(
                        Linear.class,
                        "Linear",
                        List.of(f(5, 3), f(4, 3), f(4)),
                        t -> new Linear(t.get(0), t.get(1), t.get(2))),
                new OpSample(
                        LoraLinear.class,
                        "LoraLinear",
                        List.of(f(5, 7), f(6, 7), f(6), f(2, 7), f(6, 2)),
                        t -> new LoraLinear(t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), 2f)),
                new OpSample(
                        LowRankUpdate.class,
                        "LowRankUpdate",
                        List.of(f(5, 6), f(5, 2), f(6, 2)),
                        t -> new LowRankUpdate(t.get(0), t.get(1), t.get(2), 2f)),
                new OpSample(
                        Matmul.class,
                        "Matmul NN",
                        List.of(f(3, 5), f(5, 4)),
                        t -> new Matmul(Matmul.Form.NN, t.get(0), t.get(1), 0.5f, null)),
                new OpSample(
                        Matmul.class,
                        "Matmul NT",
                        List.of(f(3, 5), f(4, 5)),
                        t -> new Matmul(Matmul.Form.NT, t.get(0), t.get(1), 0.5f, null)),
                new OpSample(
                        Matmul.class,
                        "Matmul TN added",
                        List.of(f(5, 3), f(5, 4), f(3, 4)),
                        t -> new Matmul(Matmul.Form.TN, t.get(0), t.get(1), 0.5f, t.get(2))),
                new OpSample(
                        SquaredError.class,
                        "SquaredError",
                        List.of(f(5, 1), f(5)),
                        t -> new SquaredError(t.get(0), t.get(1))),
                new OpSample(Tanh.class, "Tanh", List.of(f(4, 7)), t -> new Tanh(t.get(0))));
    }

    /// Whether an input is a float and yet has no gradient.
    private boolean isConstant(int input) {
        return op == SquaredError.class && input == 1 || op == LoraLinear.class && input == 1;
    }

    private boolean isDifferentiated(int input) {
        return !inputs.get(input).isInt() && !isConstant(input);
    }

    /// Values of an input: normal floats, or whole numbers below its bound.
    private float[] draw(Spec spec, Random random) {
        float[] drawn = new float[(int) spec.shape().size()];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] =
                    spec.isInt()
                            ? (op == Attention.class
                                    ? spec.bound() - i * 3
                                    : random.nextInt(spec.bound()))
                            : (float) random.nextGaussian();
        }
        return drawn;
    }

    /// The op behind copies of its inputs, and its gradients.
    ///
    /// @param values    of the inputs
    /// @param dy        gradient of the output, an input
    /// @param direction its values
    /// @param y         a copy of the op's output
    /// @param gradients by the input that they belong to
    record Differentiated(
            Program program,
            Map<Tensor, float[]> values,
            Tensor dy,
            float[] direction,
            Tensor y,
            Map<Tensor, Tensor> gradients) {

        /// Runs the program on given values of the inputs.
        void run(LoadedProgram loaded, Map<Tensor, float[]> given) {
            loaded.write(dy.buffer(), direction);
            given.forEach(
                    (tensor, data) -> {
                        if (tensor.type() == DataType.INT32) {
                            int[] ints = new int[data.length];
                            for (int i = 0; i < ints.length; i++) {
                                ints[i] = (int) data[i];
                            }
                            loaded.write(tensor.buffer(), ints);
                        } else {
                            loaded.write(tensor.buffer(), data);
                        }
                    });
            loaded.run();
        }
    }

    /// Draws the inputs and builds the graph.
    Differentiated differentiate(Random random) {
        var graph = new Graph("op");
        var values = new LinkedHashMap<Tensor, float[]>();
        for (Spec spec : inputs) {
            DataType type = spec.isInt() ? DataType.INT32 : DataType.FLOAT32;
            Tensor tensor = graph.input("x" + values.size(), type, spec.shape());
            values.put(tensor, draw(spec, random));
        }
        List<Tensor> tensors = List.copyOf(values.keySet());
        // ops that work in place must not write into the inputs themselves
        List<Tensor> copies =
                tensors.stream()
                        .map(t -> t.type() == DataType.INT32 ? t : graph.apply(new Copy(t)))
                        .toList();
        Tensor y = graph.apply(make.apply(copies));
        Tensor dy = graph.input("dy", DataType.FLOAT32, y.shape());
        float[] direction = draw(new Spec(y.shape(), 0), random);
        List<Tensor> wanted =
                IntStream.range(0, tensors.size())
                        .filter(this::isDifferentiated)
                        .mapToObj(tensors::get)
                        .toList();
        Tensor kept = graph.apply(new Copy(y));
        Map<Tensor, Tensor> gradients = Autodiff.gradients(graph, y, dy, wanted);
        var outputs = new ArrayList<>(gradients.values());
        outputs.add(kept);
        return new Differentiated(graph.compile(outputs), values, dy, direction, kept, gradients);
    }

    @Override
    public String toString() {
        return name;
    }
}
