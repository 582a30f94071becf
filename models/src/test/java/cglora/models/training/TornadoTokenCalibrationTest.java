package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.adapter.StatisticsSource;
import cglora.models.curvature.FactoredKfac;
import cglora.models.data.Batch;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What calibration gathers of models that write, on a device against the JVM engine.
@TornadoTest
class TornadoTokenCalibrationTest {
    /// Of a sum's norm.
    private static final double TOLERANCE = 1e-4;

    private static final int EXAMPLES = 5;

    static Stream<Arguments> models() {
        return TestDevices.all().stream()
                .flatMap(
                        device ->
                                Stream.of("t5-v1_1", "llama/causal")
                                        .map(name -> Arguments.of(name, device)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void factorsEqualTheJvms(String name, DeviceInfo device) {
        Map<String, FactoredKfac> expected = factors(name, new JvmEngine(1));
        Map<String, FactoredKfac> actual =
                factors(name, new TornadoEngine(device, DeviceProfile.generic(device)));
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
                (module, f) -> {
                    FactoredKfac found = actual.get(module);
                    check(module + " A", found.A(), f.A());
                    check(module + " S", found.S(), f.S());
                    check(module + " G", found.G(), f.G());
                });
    }

    private static void check(String what, Matrix actual, Matrix expected) {
        assertThat(actual.minus(expected).frobenius())
                .as(what)
                .isLessThanOrEqualTo(TOLERANCE * expected.frobenius());
    }

    private static Map<String, FactoredKfac> factors(String name, Engine engine) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(engine, checkpoint, false)) {
            List<Batch> batches =
                    TokenTasks.batches(TokenTasks.data(checkpoint, EXAMPLES), EXAMPLES);
            StatisticsSource source =
                    new CalibrationPass(session, session.task().linearModules())
                            .factored(batches, FisherPasses.empirical(), EXAMPLES);
            var factors = new HashMap<String, FactoredKfac>();
            for (String module : source.modules()) {
                factors.put(module, (FactoredKfac) source.take(module).curvature().orElseThrow());
            }
            return factors;
        }
    }
}
