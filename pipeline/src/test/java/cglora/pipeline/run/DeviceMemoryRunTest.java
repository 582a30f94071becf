package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.Support;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Runs whose device is too small. It is only described here: what does not fit is told before a
/// device is asked for anything.
class DeviceMemoryRunTest extends BadInput {
    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;

    private static EngineChoice device(long memory, long largest) {
        var info =
                new DeviceInfo(
                        DeviceId.parse("opencl:0:0"),
                        0,
                        0,
                        DeviceKind.GPU,
                        "a GPU",
                        "a platform",
                        "",
                        "",
                        "",
                        memory,
                        largest,
                        65536,
                        256,
                        List.of(256L, 256L, 64L),
                        8,
                        Support.UNKNOWN,
                        Support.UNKNOWN);
        return new EngineChoice.Tornado(info, DeviceProfile.generic(info), "asked for");
    }

    private CgloraException refused(EngineChoice device, String... settings) throws IOException {
        Map<Path, String> before = files();
        var nowhere = new PrintStream(OutputStream.nullOutputStream());
        var overrides = new Overrides(List.of(), List.of(settings), List.of(), folder, Map.of());
        var runner =
                new Runner(
                        PipelineReader.read(folder.resolve("p.json"), overrides),
                        device,
                        nowhere,
                        nowhere,
                        true,
                        () -> 0);
        var error = catchThrowableOfType(CgloraException.class, runner::run);
        assertThat(error.exitStatus()).isEqualTo(5);
        assertThat(error.problems()).extracting("code").containsExactly(ErrorCode.V_MEMORY);
        assertThat(files()).isEqualTo(before);
        assertThat(folder.resolve("runs")).doesNotExist();
        assertThat(runner.folder()).isNull();
        return error;
    }

    /// The activations of one stage, and one parameter.
    @Test
    void oneBufferThatIsLargerThanTheDeviceAllowsIsNamed() throws IOException {
        assertThat(refused(device(1024 * MIB, MIB), "train.per_device_batch_size=2000"))
                .message()
                .contains("train: needs one buffer of ", "MiB for its activations")
                .contains("opencl:0:0 a GPU (a platform) allows 1.0 MiB")
                .contains("a smaller batch", "--engine jvm");
        assertThat(refused(device(1024 * MIB, KIB)))
                .message()
                .contains("needs one buffer of ", "the largest one may have 0.0")
                .containsPattern("V-MEMORY: bert\\.[.\\w]+: needs")
                .contains("--engine jvm");
    }

    @ParameterizedTest
    @CsvSource({"8, data", "100, calibrate"})
    void allBuffersThatAreMoreThanTheDeviceHasAreToldWithTheStage(long kib, String stage)
            throws IOException {
        assertThat(refused(device(kib * KIB, 64 * MIB)))
                .message()
                .contains(stage + ": needs ", " MiB on opencl:0:0 a GPU")
                .contains("a smaller batch", "engine.memory_fraction");
    }

    /// The plan fits, and the device has no memory left after some steps all the same.
    @Test
    void aDeviceThatRunsOutOfMemoryAllTheSameLeavesTheCheckpoints() throws IOException {
        String lora =
                """
                {"stage": "adapter", "method": "lora", "r": 2, "target_modules": "all-linear",
                 "head_warmup": {"examples": 8}},
                """;
        var whole = new ResumableRun(folder.resolve("whole"), lora, "");
        assertThat(whole.run(() -> 0).status()).isZero();
        var run = new ResumableRun(folder.resolve("full"), lora, "");
        var error =
                catchThrowableOfType(
                        CgloraException.class,
                        () ->
                                run.run(
                                        () -> {
                                            if (run.isThere("checkpoint-4")) {
                                                throw new CgloraException(
                                                        ErrorCode.V_MEMORY,
                                                        "train",
                                                        "opencl:0:0 has no memory left",
                                                        "take a smaller batch");
                                            }
                                            return 0;
                                        }));
        assertThat(error.exitStatus()).isEqualTo(5);
        Path stopped = run.newest();
        assertThat(ResumableRun.checkpoints(stopped)).contains("checkpoint-4");
        assertThat(stopped.resolve("adapter")).doesNotExist();
        assertThat(RunEvents.read(stopped).getLast().toString())
                .contains("\"exit\":5", "has no memory left");
        assertThat(ResumableRun.resume(stopped, () -> 0).status()).isZero();
        String weights = "adapter/adapter_model.safetensors"; // the other file names the model
        assertThat(ResumableRun.exported(stopped).get(weights))
                .isEqualTo(ResumableRun.exported(whole.newest()).get(weights));
    }
}
