package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.testing.ForkedJava;
import cglora.kernels.testing.ForkedJava.Outcome;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What fails on a device, what is given back, and what TornadoVM itself counts; each in a Java
/// of its own, which a driver may end.
@TornadoTest
class TornadoFailureTest {
    /// TornadoVM puts a header before the elements of an array.
    private static final int HEADER = 16;

    @TempDir Path folder;

    static Stream<DeviceInfo> devices() {
        return TestDevices.all().stream();
    }

    private static Outcome run(String scenario, DeviceInfo device, String... options) {
        return ForkedJava.run(
                DeviceScenario.class,
                List.of(options),
                Map.of(),
                List.of(scenario, device.id().toString()));
    }

    static Stream<Arguments> aKernelThatCannotRunIsNamed() {
        return devices()
                .flatMap(
                        device ->
                                Stream.of(
                                        Arguments.of("untranslated", "floorUntranslated", device),
                                        Arguments.of("no task", "floorFromFirst", device),
                                        Arguments.of("refused", "typedef", device)));
    }

    @ParameterizedTest
    @MethodSource
    void aKernelThatCannotRunIsNamed(String scenario, String kernel, DeviceInfo device) {
        Outcome outcome = run(scenario, device);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(4);
        assertThat(outcome.out()).doesNotContain("ran");
        assertThat(outcome.err())
                .contains("error V-ENGINE: " + kernel + ": " + device.id(), "cannot run it: ")
                .contains("cglora doctor", "--engine jvm")
                .doesNotContain("\tat ", "Stacktrace", "\\u001b");
    }

    @ParameterizedTest
    @MethodSource("devices")
    void nothingRunsWhereJavaCouldTakeOver(DeviceInfo device) {
        Outcome outcome = run("untranslated", device, "-Dtornado.recover.bailout=True");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(4);
        assertThat(outcome.err())
                .contains("error V-ENGINE: TornadoVM was started without")
                .contains("-Dtornado.recover.bailout=False");
    }

    /// PoCL ends the process; other drivers return an error, which TornadoVM only prints.
    @ParameterizedTest
    @MethodSource("devices")
    void aLaunchThatTheDriverRefusesIsNamed(DeviceInfo device) {
        Outcome outcome = run("too much local memory", device);
        assertThat(outcome.out()).doesNotContain("ran");
        if (outcome.status() == 134) {
            assertThat(device.platform()).isEqualTo("Portable Computing Language");
            assertThat(outcome.err())
                    .as("what PoCL ended the process for")
                    .contains("local_mem", "Assertion");
        } else {
            assertThat(outcome.status()).as(outcome.err()).isEqualTo(4);
            assertThat(outcome.err())
                    .contains("error V-ENGINE: ", "addInto", device.id() + " ", "cannot run it: ")
                    .contains("DriverError: [TornadoVM-", "Returned: -5");
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void memoryThatIsNotThereIsTold(DeviceInfo device) {
        Outcome outcome = run("overflow", device, "-Dtornado.device.memory=64MB");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(5);
        assertThat(outcome.err())
                .contains("error V-MEMORY: ", device.id() + " ", "has no memory left")
                .contains("take a smaller batch");
    }

    @ParameterizedTest
    @MethodSource("devices")
    void enginesGiveTheirMemoryBack(DeviceInfo device) {
        Outcome outcome = run("engines", device, "-Dtornado.device.memory=64MB");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out().lines())
                .containsExactly(
                        "engine 0 sum 2.0",
                        "engine 1 sum 2.0",
                        "engine 2 sum 2.0",
                        "engine 3 sum 2.0");
    }

    @ParameterizedTest
    @MethodSource("devices")
    void tornadoMovesWhatTheEngineCounts(DeviceInfo device) throws IOException {
        Path log = folder.resolve("profile.json");
        Outcome outcome =
                run(
                        "steps",
                        device,
                        "-Dtornado.profiler=True",
                        "-Dtornado.profiler.dump.dir=" + log);
        assertThat(outcome.status()).as(outcome.err()).isZero();
        int up = 4 * 4096;
        int down = 4 * 1024;
        String step = "step up " + up + " down " + down;
        assertThat(outcome.out().lines().filter(line -> line.startsWith("step")))
                .containsExactly(step, step, step, step);
        // an array goes up in two transfers, its header and its elements, and TornadoVM counts the
        // whole array for each
        assertThat(sizes(log, "IN")).endsWith(sameFourTimes(2 * (up + HEADER)));
        assertThat(sizes(log, "OUT")).endsWith(sameFourTimes(down + HEADER));
    }

    private static Integer[] sameFourTimes(int size) {
        return new Integer[] {size, size, size, size};
    }

    /// The sizes of transfers of whole executions of the program's graph.
    private static List<Integer> sizes(Path log, String direction) throws IOException {
        String text = Files.readString(log);
        var sizes = new ArrayList<Integer>();
        // a task's own entry lies deeper
        Pattern.compile("\n {8}\"TOTAL_COPY_" + direction + "_SIZE_BYTES\": \"(\\d+)\"")
                .matcher(text)
                .results()
                .map((MatchResult found) -> Integer.valueOf(found.group(1)))
                .forEach(sizes::add);
        return sizes;
    }
}
