package cglora.models.graph;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.check.Float64;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.program.DataType;
import cglora.kernels.testing.Norms;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every op and its gradients on a device against the JVM engine.
@TornadoTest
class TornadoOpGradientTest {
    /// ‖difference‖/‖result‖: some roundings of float32; the order of sums differs.
    private static final double TOLERANCE = 2e-6;

    static Stream<Arguments> samples() {
        return TestDevices.all().stream()
                .flatMap(
                        device ->
                                OpSample.all().stream()
                                        .map(sample -> Arguments.of(device.id(), sample, device)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("samples")
    void equalsTheJvm(Object id, OpSample sample, DeviceInfo device) {
        DrawnOp drawn = DrawnOp.of(sample, 1);
        Graph graph = drawn.graph();
        Tensor y = drawn.y();
        var outputs = new ArrayList<Tensor>();
        outputs.add(graph.apply(new Copy(y))); // a gradient may work in place
        Tensor dy = graph.input("dy", DataType.FLOAT32, y.shape());
        var values = new HashMap<>(drawn.inputs().values());
        var random = new Random(1);
        values.put(dy, Float64.vector((int) y.shape().size(), _ -> random.nextGaussian()));
        List<Tensor> wanted = List.copyOf(drawn.inputs().differentiable().values());
        if (!wanted.isEmpty()) {
            var gradients = Autodiff.gradients(graph, y, dy, wanted);
            wanted.forEach(x -> outputs.add(gradients.get(x)));
        }
        List<float[]> expected = drawn.float32(new JvmEngine(1), outputs, values);
        List<float[]> actual =
                drawn.float32(
                        new TornadoEngine(device, DeviceProfile.generic(device)), outputs, values);
        for (int i = 0; i < outputs.size(); i++) {
            assertThat(Norms.difference(actual.get(i), expected.get(i)))
                    .as("%s of %s on %s", i == 0 ? "output" : wanted.get(i - 1), sample, id)
                    .isLessThan(TOLERANCE);
        }
    }
}
