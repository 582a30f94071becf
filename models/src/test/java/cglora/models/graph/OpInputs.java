package cglora.models.graph;

import cglora.kernels.program.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
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

    /// Places below `rows`, none of them twice, and -1 now and then.
    int[] places(int rows, int count) {
        var all = new ArrayList<Integer>();
        for (int row = 0; row < Math.max(rows, count); row++) {
            all.add(row < rows && random.nextInt(4) > 0 ? row : -1);
        }
        Collections.shuffle(all, random);
        return all.stream().limit(count).mapToInt(Integer::intValue).toArray();
    }

    /// Where in its row the sequence of each token begins [rows, width]: sequences of any lengths,
    /// and `width` for the padding behind them.
    Tensor starts(int rows, int width) {
        int[] starts = new int[rows * width];
        Arrays.fill(starts, width);
        for (int row = 0; row < rows; row++) {
            int end = random.nextInt(width + 1);
            for (int from = 0; from < end; ) {
                int to = random.nextInt(from + 1, end + 1);
                Arrays.fill(starts, row * width + from, row * width + to, from);
                from = to;
            }
        }
        return given(starts, rows, width);
    }

    /// These whole numbers.
    Tensor given(int[] elements, int... extents) {
        int[] next = {0};
        return draw(
                DataType.INT32,
                () -> elements[next[0]++],
                extents.length == 0 ? new int[] {elements.length} : extents);
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
