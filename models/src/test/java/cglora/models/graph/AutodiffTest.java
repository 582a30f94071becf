package cglora.models.graph;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.DataType;
import java.util.List;
import java.util.Map;
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
