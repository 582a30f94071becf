package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.Kernel;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.math.FloatMath;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Planner;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/// `exp` over its whole range. A compiler that reorders its factors must not make one overflow.
@TornadoTest
public class TornadoExpTest {
    private static final Kernel EXPONENTIAL =
            Kernel.of(TornadoExpTest.class, "exponentialOfEach").reads("x").writes("y").build();

    /// Steps of an eighth, from far below the smallest result to far above the largest.
    private static final int LOWEST = -1000;

    private static final int LENGTH = 2001;

    /// Relaxed arithmetic may join the two parts of ln 2: an error of a rounding of the argument.
    private static final double ROUNDING = 6e-8;

    public static void exponentialOfEach(
            int first, int count, float[] x, float[] y, int[] at, int o) {
        for (@Parallel int i = 0; i < count; i++) {
            y[at[o + 1] + first + i] = FloatMath.exp(x[at[o] + first + i]);
        }
    }

    static Stream<DeviceInfo> devices() {
        return TestDevices.all().stream();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void isRightFromOneExtremeToTheOther(DeviceInfo device) {
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, LENGTH);
        Buffer y = Buffer.scratch("y", DataType.FLOAT32, LENGTH);
        float[] values = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            values[i] = (LOWEST + i) / 8f;
        }
        try (var engine = new TornadoEngine(device, DeviceProfile.generic(device))) {
            LoadedProgram program =
                    engine.load(
                            Planner.plan(
                                    "exponential",
                                    List.of(Launch.of(EXPONENTIAL, LENGTH, x, y)),
                                    Set.of(x),
                                    Set.of(y)));
            program.write(x, values);
            program.run();
            float[] results = program.read(y);
            for (int i = 0; i < LENGTH; i++) {
                double expected = values[i] < -86 ? 0 : Math.exp(Math.min(88, values[i]));
                assertThat((double) results[i])
                        .as("exp(%s) on %s", values[i], device.id())
                        .isCloseTo(
                                expected,
                                within(expected * (3e-7 + Math.abs(values[i]) * ROUNDING)));
            }
        }
    }
}
