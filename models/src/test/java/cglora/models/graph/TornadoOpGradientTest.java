package cglora.models.graph;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.testing.Norms;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.graph.OpSample.Differentiated;
import java.util.LinkedHashMap;
import java.util.Map;
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
                                OpSample.all()
                                        .map(sample -> Arguments.of(device.id(), sample, device)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("samples")
    void equalsTheJvm(Object id, OpSample sample, DeviceInfo device) {
        Differentiated op = sample.differentiate(new Random(sample.name().hashCode()));
        var expected = results(op, new JvmEngine(1));
        var actual = results(op, new TornadoEngine(device, DeviceProfile.generic(device)));
        expected.forEach(
                (what, values) ->
                        assertThat(Norms.difference(actual.get(what), values))
                                .as("%s of %s on %s", what, sample, id)
                                .isLessThan(TOLERANCE));
    }

    /// The output and the gradients by the names of the inputs.
    private static Map<String, float[]> results(Differentiated op, Engine engine) {
        var results = new LinkedHashMap<String, float[]>();
        try (engine) {
            LoadedProgram program = engine.load(op.program());
            op.run(program, op.values());
            results.put("output", program.read(op.y().buffer()));
            op.gradients()
                    .forEach(
                            (x, dx) ->
                                    results.put(
                                            "gradient of " + x.name(), program.read(dx.buffer())));
        }
        return results;
    }
}
