package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.testing.ForkedJava;
import cglora.kernels.testing.ForkedJava.Outcome;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.DeviceScenario;
import cglora.pipeline.device.DeviceCheck;
import cglora.pipeline.device.Launch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is in the way of a device ends in one message: its code, what is wrong, how to go on, and
/// an exit status. Each command in a Java of its own.
@TornadoTest
class TornadoFailureTest {
    @TempDir Path folder;

    private static Outcome main(
            List<String> options, Map<String, String> environment, String... arguments) {
        return ForkedJava.run(Main.class, options, environment, List.of(arguments));
    }

    private String[] run(String... more) {
        Path example =
                Path.of(System.getProperty("cglora.root"))
                        .resolve("pipeline/examples/quickstart-lora.json");
        var arguments = new ArrayList<String>(List.of("run", example.toString()));
        arguments.addAll(List.of("--set", "output_dir=" + folder.resolve("runs")));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    private void assertOneMessage(Outcome outcome, int status, String code, String... pieces) {
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err()).contains("error " + code).contains(pieces);
        assertThat(outcome.err()).doesNotContain("\tat ", "Exception");
        assertThat(outcome.err().split("error ", -1)).as(outcome.err()).hasSize(2);
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    static Stream<Arguments> refusesToStartWithoutItsOptions() {
        return Stream.of(
                arguments("-Dtornado.recover.bailout=True", "-Dtornado.recover.bailout=False"),
                arguments(
                        "-Dtornado.tvm.maxbytecodesize=4096",
                        "-Dtornado.tvm.maxbytecodesize=1000000"));
    }

    @ParameterizedTest
    @MethodSource
    void refusesToStartWithoutItsOptions(String option, String missing) {
        assertOneMessage(
                main(List.of(option), Map.of(), run("--engine", "tornado")),
                4,
                "V-ENGINE",
                "TornadoVM was started without " + missing,
                "add the option");
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl:7:3", "metal:0"})
    void namesTheDevicesWhereTheOneAskedForIsAbsent(String device) {
        assertOneMessage(
                main(List.of(), Map.of(), run("--device", device)),
                4,
                "V-DEVICE",
                "no device " + device,
                TestDevices.all().getFirst().id().toString(),
                "--engine jvm");
    }

    @Test
    void saysThatThereIsNoDriver() {
        assertOneMessage(
                main(
                        List.of(),
                        Map.of("OCL_ICD_VENDORS", folder.toString()),
                        run("--engine", "tornado")),
                4,
                "V-DEVICE",
                "TornadoVM finds nothing",
                "install the OpenCL");
    }

    static Stream<Arguments> aRunThatDoesNotFitTheDeviceIsRefusedBeforeItStarts() {
        return Stream.of(
                // less than the weights; less than the activations
                arguments("-Dtornado.device.memory=64MB", "engine.memory_fraction=1.0"),
                arguments("-Dtornado.device.memory=200MB", "engine.memory_fraction=1.0"),
                arguments("-Dtornado.device.memory=16GB", "engine.memory_fraction=0.001"));
    }

    @ParameterizedTest
    @MethodSource
    void aRunThatDoesNotFitTheDeviceIsRefusedBeforeItStarts(String memory, String fraction) {
        String device = TestDevices.all().getFirst().id().toString();
        assertOneMessage(
                main(List.of(memory), Map.of(), run("--device", device, "--set", fraction)),
                5,
                "V-MEMORY",
                device,
                "MiB",
                "take a smaller batch");
    }

    @Test
    void aDriverThatCrashesEndsOnlyItsOwnProcess() {
        DeviceInfo device = TestDevices.all().getFirst();
        List<String> options = Launch.options(device, DeviceProfile.generic(device));
        List<String> arguments = List.of("crashing", device.id().toString());
        var outcome =
                DeviceCheck.run(
                        ForkedJava.command(DeviceScenario.class, options, arguments), device.id());
        assertThat(outcome.agrees()).isFalse();
        assertThat(outcome.failure())
                .contains("the process on " + device.id() + " ended with status 134")
                .contains("the process crashed");
        assertThat(ForkedJava.run(DeviceScenario.class, options, Map.of(), arguments).err())
                .contains("error V-ENGINE: " + device.id() + ": the process crashed")
                .contains("cglora doctor --device " + device.id(), "--engine jvm");
    }
}
