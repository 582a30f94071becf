package cglora.models.graph;

import cglora.kernels.program.DataType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;

/// Draws the inputs of one op, of awkward sizes, into a graph.
final class OpInputs {
    private static final int[] SIZES = {1, 3, 5, 7, 11, 13, 17};

    private final Graph graph;
    private final Random random;
    private final Map<Tensor, double[]> values = new LinkedHashMap<>();
    private final Map<Tensor, Tensor> differentiable = new LinkedHashMap<>();

    OpInputs(Graph graph, long seed) {
        this.graph = graph;
        this.random = new Random(seed);
    }

    /// 1, or a prime.
    int size() {
        return oneOf(SIZES);
    }

    int oneOf(int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    float oneOf(float... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /// Floats that the op has a gradient for. It gets a copy, which it may overwrite.
    Tensor floats(int... extents) {
        Tensor source = draw(DataType.FLOAT32, random::nextGaussian, extents);
        Tensor copy = graph.apply(new Copy(source));
        differentiable.put(copy, source);
        return copy;
    }

    /// Floats that the op has no gradient for; it gets a copy, too.
    Tensor constants(int... extents) {
        return graph.apply(new Copy(draw(DataType.FLOAT32, random::nextGaussian, extents)));
    }

    /// Whole numbers `from … below − 1`.
    Tensor ints(int from, int below, int... extents) {
        return draw(DataType.INT32, () -> random.nextInt(from, below), extents);
    }

    private Tensor draw(DataType type, DoubleSupplier element, int... extents) {
        Tensor tensor = graph.input("x" + values.size(), type, Shape.of(extents));
        double[] drawn = new double[Math.toIntExact(tensor.shape().size())];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = (float) element.getAsDouble();
        }
        values.put(tensor, drawn);
        return tensor;
    }

    /// What was drawn, all of it exact in float32.
    Map<Tensor, double[]> values() {
        return values;
    }

    /// The inputs that the op should have a gradient for: what it gets, and what that is copied
    /// from.
    Map<Tensor, Tensor> differentiable() {
        return differentiable;
    }
}
