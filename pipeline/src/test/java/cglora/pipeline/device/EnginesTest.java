package cglora.pipeline.device;

import static cglora.pipeline.device.DeviceProfilesTest.device;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.device.DeviceDiscovery.Found;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.pipeline.spec.EngineSpec;
import cglora.pipeline.spec.EngineSpec.Type;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnginesTest {
    private static final DeviceInfo CPU =
            device("opencl:0:0", DeviceKind.CPU, "Portable Computing Language", "pthread");
    private static final DeviceInfo GPU =
            device("opencl:1:0", DeviceKind.GPU, "NVIDIA CUDA", "NVIDIA L4");
    private static final Problem NONE = new Problem(ErrorCode.V_ENGINE, "", "no SDK", "get one");

    private static Engines with(DeviceInfo... devices) {
        return new Engines(
                new TornadoProcess(
                        Optional.empty(),
                        () -> new Found(List.of(devices), List.of("ptx: no driver")),
                        Long.MAX_VALUE,
                        List.of("opencl", "spirv")),
                () -> DeviceProfiles.load(Map.of()));
    }

    private static Engines without() {
        return new Engines(
                new TornadoProcess(
                        Optional.of(NONE),
                        () -> {
                            throw new AssertionError("asked for devices");
                        },
                        Long.MAX_VALUE,
                        List.of()),
                () -> DeviceProfiles.load(Map.of()));
    }

    private static EngineRequest ask(Type type, String device) {
        return EngineRequest.of(new EngineSpec(type, device, 3, null), null);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "AUTO, -, opencl:1:0",
                "AUTO, jvm, jvm",
                "AUTO, opencl:0, opencl:0:0",
                "AUTO, opencl:1, opencl:1:0",
                "TORNADO, -, opencl:1:0",
                "TORNADO, opencl:0:0, opencl:0:0",
                "JVM, -, jvm",
                "JVM, jvm, jvm"
            })
    void takesWhatIsAskedForAndElseTheFirstGpu(Type type, String device, String chosen) {
        assertThat(with(CPU, GPU).of(ask(type, device)).device()).isEqualTo(chosen);
    }

    @Test
    void autoPrefersThisProcessToADeviceThatIsAProcessor() {
        EngineChoice choice = with(CPU).of(ask(Type.AUTO, null));
        assertThat(choice.device()).isEqualTo("jvm");
        assertThat(choice.why()).contains("no GPU", "opencl:0:0", "ptx: no driver");
        assertThat(with(CPU).of(ask(Type.TORNADO, null)).device()).isEqualTo("opencl:0:0");
    }

    @Test
    void autoDoesWithoutTornadoAndSaysWhy() {
        assertThat(without().of(ask(Type.AUTO, null))).isEqualTo(new EngineChoice.Jvm(3, "no SDK"));
    }

    /// Where an SDK is there that does not fit.
    @Test
    void anAutomaticChoiceSaysAloudWhatItReplaces() {
        var unfit = new TornadoProcess(Optional.of(NONE), () -> null, Long.MAX_VALUE, List.of());
        var engines = new Engines(unfit, () -> DeviceProfiles.load(Map.of()));
        Problem told = Engines.replaced(engines.of(ask(Type.AUTO, null)), unfit).orElseThrow();
        assertThat(told.what()).isEqualTo("no SDK; engine jvm computes in its place");
        assertThat(told.fix()).isEqualTo("get one");
        assertThat(Engines.replaced(engines.of(ask(Type.JVM, null)), unfit)).isEmpty();
        assertThat(Engines.replaced(engines.of(ask(Type.AUTO, "jvm")), unfit)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {"TORNADO, -", "TORNADO, opencl:0", "AUTO, opencl:0"})
    void whatIsAskedForIsNeverReplaced(Type type, String device) {
        assertThatThrownBy(() -> without().of(ask(type, device)))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("no SDK")
                .hasMessageContaining("get one");
    }

    @Test
    void listsTheDevicesWhereTheNamedOneIsAbsent() {
        assertThatThrownBy(() -> with(CPU, GPU).of(ask(Type.AUTO, "opencl:2")))
                .hasMessageContaining("V-DEVICE")
                .hasMessageContaining("no device opencl:2")
                .hasMessageContaining("opencl:1:0 NVIDIA L4");
        assertThatThrownBy(() -> with().of(ask(Type.TORNADO, null)))
                .hasMessageContaining("V-DEVICE")
                .hasMessageContaining("ptx: no driver");
    }

    @Test
    void aBackendThatTheSdkLacksIsSaid() {
        assertThatThrownBy(() -> with(CPU, GPU).of(ask(Type.AUTO, "ptx:0")))
                .hasMessageContaining("V-DEVICE")
                .hasMessageContaining(
                        "no device ptx:0: this TornadoVM has no PTX backend, only opencl, spirv")
                .hasMessageContaining("build of TornadoVM")
                .hasMessageContaining("--engine jvm");
        assertThatThrownBy(() -> with(CPU, GPU).of(ask(Type.TORNADO, "spirv:0")))
                .hasMessageContaining("no device spirv:0; TornadoVM has opencl:0:0");
    }

    @Test
    void aProfileIsRefusedWhereNothingWouldUseIt() {
        var unknown = EngineRequest.of(new EngineSpec(Type.JVM, null, 3, null), "nonsense");
        assertThatThrownBy(() -> with(CPU).of(unknown))
                .hasMessageContaining("V-DEVICE")
                .hasMessageContaining("--profile nonsense")
                .hasMessageContaining("no such profile");
        assertThatThrownBy(() -> without().of(unknown)).hasMessageContaining("no such profile");
        var known = EngineRequest.of(new EngineSpec(Type.AUTO, null, 3, null), "cpu-pocl");
        assertThatThrownBy(() -> with(CPU).of(known))
                .hasMessageContaining("O-CONFLICT")
                .hasMessageContaining("the engine is jvm: TornadoVM has no GPU")
                .hasMessageContaining("--device opencl:0");
        var device = EngineRequest.of(new EngineSpec(Type.AUTO, "opencl:0", 3, null), "cpu-pocl");
        assertThat(with(CPU).of(device).device()).isEqualTo("opencl:0:0");
    }

    @ParameterizedTest
    @CsvSource({"JVM, opencl:0", "TORNADO, jvm"})
    void refusesAnEngineAndADeviceThatContradict(Type type, String device) {
        assertThatThrownBy(() -> with(CPU).of(ask(type, device)))
                .hasMessageContaining("O-CONFLICT");
    }

    @Test
    void theMemoryIsTheSmallestOfProfilePipelineAndTornado() {
        var spec = new EngineSpec(Type.TORNADO, null, null, 0.75);
        var choice = (EngineChoice.Tornado) with(GPU).of(EngineRequest.of(spec, null));
        assertThat(choice.profile().memoryFraction()).isEqualTo(0.75);
        assertThat(choice.profile().memoryLimiter()).isEqualTo("raise engine.memory_fraction");
        var own = (EngineChoice.Tornado) with(GPU).of(ask(Type.AUTO, null));
        assertThat(own.profile().memoryLimiter())
                .contains("raise memory_fraction, ", "nvidia-opencl.json, or set engine.memory");
        var small =
                new Engines(
                        new TornadoProcess(
                                Optional.empty(),
                                () -> new Found(List.of(GPU), List.of()),
                                TornadoProcess.bytes("4GB"),
                                List.of("opencl")),
                        () -> DeviceProfiles.load(Map.of()));
        var limited = (EngineChoice.Tornado) small.of(ask(Type.AUTO, null));
        assertThat(limited.profile().memoryLimit(GPU)).isEqualTo(4L << 30);
        assertThat(limited.profile().memoryLimiter()).isEqualTo("raise -Dtornado.device.memory");
    }

    @ParameterizedTest
    @CsvSource({"12GB, 12884901888", "100MB, 104857600", "7, 7", "5B, 5"})
    void readsSizesAsTornadoDoes(String text, long bytes) {
        assertThat(TornadoProcess.bytes(text)).isEqualTo(bytes);
    }

    @Test
    void theLaunchersReasonComesBeforeOurs() {
        Optional<Problem> status = Optional.of(NONE);
        assertThat(TornadoProcess.problem(Optional.empty(), "x", "y")).isEmpty();
        assertThat(TornadoProcess.problem(status, "TORNADOVM_HOME is not set", null))
                .hasValueSatisfying(
                        p -> {
                            assertThat(p.what())
                                    .isEqualTo("no TornadoVM: TORNADOVM_HOME is not set");
                            assertThat(p.fix()).contains("www.tornadovm.org", "SDKMAN");
                        });
        assertThat(TornadoProcess.problem(status, null, "no GPU").orElseThrow().what())
                .isEqualTo("no GPU");
        assertThat(TornadoProcess.problem(status, null, null)).isEqualTo(status);
    }
}
