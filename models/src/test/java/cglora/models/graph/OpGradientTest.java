package cglora.models.graph;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.check.Closeness;
import cglora.kernels.check.Float64;
import cglora.kernels.program.DataType;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every op in float32 against itself in float64: its value, and each element of its gradients
/// against central differences of the float64 value.
///
/// The bound is ten times the largest error seen over all ops and seeds, 4.6e-7 of the scale.
class OpGradientTest {
    private static final int SEEDS = 16;

    /// Of the scale of what is compared.
    private static final double RELATIVE = 5e-6;

    /// Of the scale of what it is made from, 8 roundings: all that is left where exact arithmetic
    /// gives 0, as in the gradient of attention over one token.
    private static final double FLOOR = 8 * Closeness.ROUNDING;

    static List<OpSample> samples() {
        return OpSample.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void valueEqualsFloat64(OpSample sample) {
        for (int seed = 0; seed < SEEDS; seed++) {
            DrawnOp drawn = DrawnOp.of(sample, seed);
            Map<Tensor, double[]> values = drawn.inputs().values();
            double[] expected = drawn.float64(values);
            assertClose(
                    "%s, seed %d".formatted(drawn.op(), seed),
                    drawn.float32(List.of(drawn.y()), values).getFirst(),
                    expected,
                    RELATIVE * largest(expected) + FLOOR);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void gradientsEqualCentralDifferencesOfFloat64(OpSample sample) {
        for (int seed = 0; seed < SEEDS; seed++) {
            checkGradients(DrawnOp.of(sample, seed), seed);
        }
    }

    private static void checkGradients(DrawnOp drawn, long seed) {
        Graph graph = drawn.graph();
        Tensor y = drawn.y();
        Tensor dy = graph.input("dy", DataType.FLOAT32, y.shape());
        Map<Tensor, Tensor> differentiable = drawn.inputs().differentiable();
        assertThat(drawn.op().gradients(graph, drawn.node().outputs(), dy, _ -> true))
                .extracting(Gradient::input)
                .as("inputs that %s has a gradient for", drawn.op())
                .hasSameElementsAs(differentiable.keySet());
        if (differentiable.isEmpty()) {
            return;
        }
        var random = new Random(seed);
        double[] dyValue =
                Float64.vector((int) y.shape().size(), _ -> (float) random.nextGaussian());
        var values = new HashMap<>(drawn.inputs().values());
        values.put(dy, dyValue);
        List<Tensor> wanted = List.copyOf(differentiable.values());
        Map<Tensor, Tensor> gradients = Autodiff.gradients(graph, y, dy, wanted);
        List<float[]> actual = drawn.float32(wanted.stream().map(gradients::get).toList(), values);
        for (int i = 0; i < wanted.size(); i++) {
            Tensor x = wanted.get(i);
            checkGradient(
                    "%s, gradient of %s, seed %d".formatted(drawn.op(), x, seed),
                    actual.get(i),
                    values.get(x),
                    at -> drawn.float64(with(values, x, at)),
                    dyValue);
        }
    }

    /// The scale of a gradient is the largest sum `Σ_j |dy_j · ∂y_j/∂x_i|` that one of its elements
    /// is made of.
    private static void checkGradient(
            String what, float[] actual, double[] x, UnaryOperator<double[]> y, double[] dy) {
        double[] expected = new double[x.length];
        double scale = 0;
        for (int i = 0; i < x.length; i++) {
            double[] slopes =
                    FiniteDifference.along(y, x, FiniteDifference.coordinate(x.length, i));
            expected[i] = Float64.sum(dy.length, j -> dy[j] * slopes[j]);
            scale = Math.max(scale, Float64.sum(dy.length, j -> Math.abs(dy[j] * slopes[j])));
        }
        assertClose(what, actual, expected, RELATIVE * scale + FLOOR * largest(dy));
    }

    private static void assertClose(String what, float[] actual, double[] expected, double bound) {
        assertThat(actual).as(what).hasSize(expected.length);
        double[] bounds = Float64.vector(expected.length, _ -> bound);
        assertThat(Closeness.difference(actual, 0, expected, bounds)).as(what).isEmpty();
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static Map<Tensor, double[]> with(
            Map<Tensor, double[]> values, Tensor tensor, double[] elements) {
        var changed = new HashMap<>(values);
        changed.put(tensor, elements);
        return changed;
    }

    @Test
    void everyOpThatModelsUseOrThatHasAGradientHasASample() {
        Set<Class<?>> sampled =
                samples().stream()
                        .map(sample -> DrawnOp.of(sample, 0).op().getClass())
                        .collect(Collectors.toSet());
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            boolean differentiable =
                    Stream.of(op.getDeclaredMethods())
                            .anyMatch(m -> m.getName().equals("gradients"));
            if (differentiable || Modifier.isPublic(op.getModifiers())) {
                assertThat(sampled).as("ops that have a sample").contains(op);
            }
        }
    }
}
