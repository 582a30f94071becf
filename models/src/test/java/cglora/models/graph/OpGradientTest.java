package cglora.models.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.DataType;
import cglora.models.graph.OpSample.Differentiated;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every op's gradient against central differences of `Σ y · dy`, for each of its inputs along
/// random directions.
class OpGradientTest {
    static Stream<OpSample> samples() {
        return OpSample.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void equalsCentralDifferences(OpSample sample) {
        var random = new Random(sample.name().hashCode());
        Differentiated op = sample.differentiate(random);
        try (var engine = new JvmEngine(1)) {
            LoadedProgram program = engine.load(op.program());
            op.run(program, op.values());
            var analytic = new LinkedHashMap<Tensor, float[]>();
            op.gradients().forEach((x, dx) -> analytic.put(x, program.read(dx.buffer())));
            for (Tensor x : analytic.keySet()) {
                for (int repetition = 0; repetition < 4; repetition++) {
                    float[] step = new float[analytic.get(x).length];
                    double expected = 0;
                    double scale = 1e-3;
                    for (int i = 0; i < step.length; i++) {
                        step[i] = (float) random.nextGaussian();
                        expected += (double) step[i] * analytic.get(x)[i];
                        scale += Math.abs((double) step[i] * analytic.get(x)[i]);
                    }
                    double h = 1e-2;
                    double coarse = difference(op, program, x, step, h);
                    double fine = difference(op, program, x, step, h / 2);
                    double extrapolated = (4 * fine - coarse) / 3;
                    assertThat(extrapolated)
                            .as("%s, input %s", sample, x)
                            .isCloseTo(expected, within(2e-3 * scale));
                }
            }
        }
    }

    private static double difference(
            Differentiated op, LoadedProgram program, Tensor x, float[] step, double h) {
        return (moved(op, program, x, step, h) - moved(op, program, x, step, -h)) / (2 * h);
    }

    private static double moved(
            Differentiated op, LoadedProgram program, Tensor x, float[] step, double h) {
        var changed = new LinkedHashMap<>(op.values());
        float[] data = op.values().get(x).clone();
        for (int i = 0; i < data.length; i++) {
            data[i] += (float) (h * step[i]);
        }
        changed.put(x, data);
        op.run(program, changed);
        float[] result = program.read(op.y().buffer());
        double sum = 0;
        for (int i = 0; i < result.length; i++) {
            sum += (double) result[i] * op.direction()[i];
        }
        return sum;
    }

    @Test
    void everyOpWithAGradientHasASample() {
        Set<Class<? extends Op>> sampled =
                OpSample.all().map(OpSample::op).collect(Collectors.toSet());
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
