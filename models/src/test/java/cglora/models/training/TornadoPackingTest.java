package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.Norms;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Examples that share rows on a device train as those that have rows of their own on the jvm
/// engine.
@TornadoTest
class TornadoPackingTest {
    private static final double TOLERANCE = 2e-5;

    static Stream<Arguments> cases() {
        return TestDevices.all().stream()
                .flatMap(
                        device ->
                                PackedTasks.NAMES.stream().map(name -> Arguments.of(device, name)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void lossAndGradientsAreThoseOfRowsOfTheirOwn(DeviceInfo device, String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session apart = PackedTasks.session(new JvmEngine(1), checkpoint, true);
                Session together =
                        PackedTasks.session(
                                new TornadoEngine(device, DeviceProfile.generic(device)),
                                checkpoint,
                                true)) {
            Dataset data = PackedTasks.conversations(checkpoint, 15);
            PackedTasks.Step expected = PackedTasks.Step.of(apart, PackedTasks.unpacked(data));
            PackedTasks.Step actual = PackedTasks.Step.of(together, PackedTasks.packed(data));
            assertThat(actual.result()[0])
                    .isCloseTo(expected.result()[0], within(1e-5f * expected.result()[0]));
            expected.gradients()
                    .forEach(
                            (parameter, gradient) ->
                                    assertThat(
                                                    Norms.difference(
                                                            actual.gradients().get(parameter),
                                                            gradient))
                                            .as("gradient of " + parameter)
                                            .isLessThan(TOLERANCE));
        }
    }
}
