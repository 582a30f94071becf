package cglora.pipeline.bench;

import static cglora.pipeline.bench.Records.device;
import static cglora.pipeline.bench.Records.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartProcessTest {
    @TempDir Path folder;

    private final List<String> lines = new ArrayList<>();

    @BeforeEach
    void shell() {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "the processes are shell scripts");
    }

    private Path part() {
        return folder.resolve("part.json");
    }

    private DeviceRecord run(long limit, String script) {
        return new PartProcess(limit, lines::add)
                .run(List.of("/bin/sh", "-c", script), "opencl:0", part());
    }

    private void recordIsThere() {
        RecordFormat.writePart(
                part(), device("opencl:0:0", result(Suite.STEP, "s", Unit.SECONDS, 1.0)));
    }

    @Test
    void whatTheProcessWroteIsTheRecordAndWhatItPrintsIsProgress() {
        recordIsThere();
        DeviceRecord record = run(60, "echo one; echo two; echo 'WARNING: x' >&2");
        assertThat(record.succeeded()).isTrue();
        assertThat(record.id()).isEqualTo("opencl:0:0");
        assertThat(lines).containsExactly("one", "two");
    }

    @Test
    void aProcessThatDiesKeepsWhatItMeasured() {
        recordIsThere();
        DeviceRecord record = run(60, "echo 'WARNING: x' >&2; echo 'error V-X: bad' >&2; exit 4");
        assertThat(record.succeeded()).isFalse();
        assertThat(record.results()).hasSize(1);
        assertThat(record.failure()).isEqualTo("its process ended with status 4: error V-X: bad");
    }

    @Test
    void aProcessThatDiesEarlyIsADeviceThatFailed() {
        DeviceRecord record = run(60, "exit 139");
        assertThat(record)
                .isEqualTo(DeviceRecord.failed("opencl:0", "its process ended with status 139"));
        assertThat(run(60, ":").failure()).isEqualTo("its process wrote no record");
    }

    @Test
    void aProcessThatHangsIsEnded() {
        assertThat(run(1, "exec sleep 600").failure())
                .isEqualTo("its process hung: nothing for 1 s");
    }

    /// TornadoVM's native code writes it to standard output.
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aDriversComplaintSpoilsTheRecord(int stream) {
        recordIsThere();
        DeviceRecord record = run(60, "echo '[TornadoVM-OCL-JNI] ERROR : -5' >&" + stream);
        assertThat(record.failure())
                .isEqualTo("the driver reported [TornadoVM-OCL-JNI] ERROR : -5");
    }

    @Test
    void garbageAndAProgramThatIsNotThereAreFailures() {
        assertThat(run(60, "echo '{' > " + part()).failure())
                .startsWith("is no record of a benchmark");
        DeviceRecord record =
                new PartProcess(60, lines::add)
                        .run(List.of(folder.resolve("none").toString()), "jvm", part());
        assertThat(record.failure()).startsWith("its process did not start");
    }

    @Test
    void everyDeviceGetsItsRow() {
        var benchmark =
                new Benchmark(
                        "0.1",
                        EnumSet.of(Suite.STEP),
                        3,
                        (device, _) -> List.of("/bin/sh", "-c", "exit " + device),
                        60,
                        lines::add);
        BenchRecord record = benchmark.run(List.of("5", "6"));
        assertThat(record.devices()).extracting(DeviceRecord::id).containsExactly("5", "6");
        assertThat(record.succeeded()).isFalse();
        assertThat(RecordTable.markdown(record))
                .contains("- 5, FAILED: its process ended with status 5")
                .containsOnlyOnce("its process ended with status 6")
                .containsPattern("\\| 6 .*failed .*see above \\|");
        assertThat(RecordTable.csv(record).lines()).hasSize(3);
        assertThat(RecordTable.csv(record)).contains("its process ended with status 6");
    }
}
