package cglora.models.training;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.program.Layout;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// All weights of a model trained on a device whose buffers hold no more than one of its tables,
/// against the JVM engine.
@TornadoTest
class TornadoFullTrainingTest {
    static Stream<DeviceInfo> devices() {
        return TestDevices.all().stream();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aGroupOfWeightsLiesInSeveralBuffers(DeviceInfo device) {
        try (PeerReference reference = PeerReference.of("bert")) {
            long limit = SplitWeightsTest.largestParameter(reference);
            var engine = new TornadoEngine(device, DeviceProfile.generic(device));
            SplitWeightsTest.requireEqualSteps(
                    reference,
                    new JvmEngine(2),
                    new LayoutEngine(engine, () -> new Layout(limit)),
                    1e-4);
        }
    }
}
