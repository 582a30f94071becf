package cglora.models.training;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.training.CgLoraStart.Arithmetic;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A curvature-guided start of a small BERT on a device, whitening included, against that of the
/// JVM engine with the host's float64.
@TornadoTest
class TornadoStartTest {
    @TempDir Path folder;

    static Stream<DeviceInfo> devices() {
        return TestDevices.all().stream();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void equalsTheHosts(DeviceInfo device) throws IOException {
        EngineStartTest.assertEqual(
                EngineStarts.start(
                        new TornadoEngine(device, DeviceProfile.generic(device)),
                        folder,
                        Arithmetic.ENGINE,
                        true),
                EngineStarts.start(new JvmEngine(1), folder, Arithmetic.HOST, true));
    }
}
