package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.check.KernelCheck;
import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.Support;
import cglora.pipeline.device.EngineChoice;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RemedyTest {
    private static final KernelCheck WRONG =
            new KernelCheck("softmax", "softmaxRows", "differs by 0.1");
    private static final KernelCheck NOT_RUN =
            new KernelCheck("softmax", "softmaxRows", "did not run: refused");
    private static final String BAILOUT =
            "the process on opencl:0:0 ended with status 4 after the first kernel: error V-ENGINE:"
                    + " TornadoVM was started without -Dtornado.recover.bailout=False";

    static DeviceInfo device(DeviceKind kind, long group, long largest) {
        return new DeviceInfo(
                DeviceId.parse("opencl:0:0"),
                0,
                0,
                kind,
                "G",
                "P",
                "",
                "",
                "",
                8L << 30,
                largest,
                65536,
                group,
                List.of(group, group, 64L),
                8,
                Support.UNKNOWN,
                Support.UNKNOWN);
    }

    static DeviceProfile profile(int workGroup, String flags, List<String> options) {
        return new DeviceProfile(
                "mine", "opencl", DeviceKind.GPU, "", "", 0.5, workGroup, Map.of(), flags, options);
    }

    private static EngineChoice with(String flags, List<String> options) {
        return new EngineChoice.Tornado(
                device(DeviceKind.GPU, 256, 1L << 30), profile(64, flags, options), "");
    }

    @Test
    void flagsAreAdvisedOnlyWhereTheProfileHasThemNot() {
        assertThat(Remedy.of(with("", List.of()), WRONG)).startsWith("give compiler_flags \"-w\"");
        assertThat(Remedy.of(with("-cl-fast-relaxed-math", List.of()), WRONG))
                .contains("give compiler_flags \"-w\"", "in place of \"-cl-fast-relaxed-math\"");
        assertThat(Remedy.of(with("-w", List.of()), WRONG))
                .contains("mine forbids relaxed arithmetic already", "please report it")
                .doesNotContain("give compiler_flags");
        assertThat(Remedy.of(with("-w", List.of()), NOT_RUN)).startsWith("update the driver");
        assertThat(Remedy.of(new EngineChoice.Jvm(1, ""), WRONG)).isEqualTo("please report it");
    }

    @Test
    void whatAnOptionOfTheProfileDoesIsNoFaultOfTheDriver() {
        var options = List.of("-Dtornado.recover.bailout=True");
        assertThat(Remedy.of(with("-w", options), BAILOUT))
                .contains("out of java_options of the profile mine", options.getFirst())
                .doesNotContain("driver");
        assertThat(Remedy.of(with("-w", List.of()), BAILOUT))
                .contains("scripts/cglora")
                .doesNotContain("driver");
        String crash = "the process on opencl:0:0 ended with status 134 after the first kernel";
        assertThat(Remedy.of(with("-w", List.of()), crash))
                .startsWith("update the device's driver");
        assertThat(Remedy.of(with("-w", List.of("-Xss1m")), crash))
                .startsWith("take java_options out of the profile mine");
    }
}
