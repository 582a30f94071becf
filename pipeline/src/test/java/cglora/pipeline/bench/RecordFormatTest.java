package cglora.pipeline.bench;

import static cglora.pipeline.bench.Records.device;
import static cglora.pipeline.bench.Records.record;
import static cglora.pipeline.bench.Records.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordFormatTest {
    @TempDir Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("a.json"), text);
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        BenchRecord record =
                record(
                        device(
                                "opencl:0:0",
                                result(Suite.GEMM, "NN 1×2×3", Unit.GFLOP_PER_SECOND, 1.5, 2.5)
                                        .withPeak(0.25),
                                Result.failed(Suite.STEP, "step", Unit.SECONDS, "no\n memory")),
                        DeviceRecord.failed("ptx:0:0", "not there"));
        String text = RecordFormat.write(record);
        assertThat(RecordFormat.read(file(text))).isEqualTo(record);
        assertThat(text)
                .contains("\"cglora_bench\" : 1", "\"suite_version\" : ", "\"GFLOP/s\"", "\"gemm\"")
                .contains("\"of_peak\" : 0.25", "\"no memory\"");
    }

    /// Records of other suite versions are not set beside ours.
    @Test
    void whatTimesClblastWritesTheSameVersion() throws IOException {
        Path script =
                Path.of(System.getProperty("cglora.root"), "scripts", "peers", "clblast_gemm.py");
        assertThat(Files.readString(script)).contains("SUITE_VERSION = " + Suite.VERSION + "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "not JSON; P_JSON; is no record of a benchmark",
                "[]; P_JSON; no number \"cglora_bench\"",
                "{\"stages\": []}; P_JSON; no number \"cglora_bench\"",
                "{\"cglora_bench\": 2}; P_VERSION; is a record of format 2, this cglora reads",
                "{\"cglora_bench\": 1}; P_JSON; is no record of a benchmark: ",
                "{\"cglora_bench\": 1, \"what\": 3}; P_JSON; is no record of a benchmark: "
            })
    void whatIsNoRecordIsRefused(String text, ErrorCode code, String what) throws IOException {
        Path file = file(text);
        assertThatThrownBy(() -> RecordFormat.read(file))
                .isInstanceOfSatisfying(
                        CgloraException.class,
                        e -> {
                            assertThat(e.problems().getFirst().code()).isEqualTo(code);
                            assertThat(e.problems().getFirst().where()).endsWith("a.json");
                            assertThat(e.problems().getFirst().what()).contains(what);
                        });
    }

    /// Each key that is null, missing or of another type is named.
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "\"machine\" : \\{[^}]*}; \"machine\" : null; /machine is null, expected an object",
                "\"wrong\" : \\[ ]; \"wrong\" : null; /devices/0/wrong is null, expected a list",
                "\"a note\"; null; /devices/0/notes/0 is null, expected a text",
                "\"samples\" : \\[ 1.0 ]; \"samples\" : [ \"NaN\" ]; "
                        + "/devices/0/results/0/samples/0 is \"NaN\", expected a number",
                "\"samples\" : \\[ 1.0 ]; \"samples\" : [ 1e999 ]; "
                        + "/devices/0/results/0/samples/0 is ",
                "\"repetitions\" : 3; \"repetitions\" : 2.5; "
                        + "/repetitions is 2.5, expected a whole number",
                "\"suites\" : \\[ \"gemm\"; \"suites\" : [ \"speed\"; "
                        + "/suites/0 is \"speed\", expected one of device, gemm",
                "\"date\" : ; \"dates\" : ; /dates is unknown, expected cglora_bench, suite_version",
                "\"date\" : \"[^\"]*\",; ''; /date is missing, expected a text"
            })
    void theKeyThatIsWrongIsNamed(String found, String instead, String what) throws IOException {
        String text =
                RecordFormat.write(
                        record(device("jvm", result(Suite.STEP, "s", Unit.SECONDS, 1.0))));
        String changed = text.replaceFirst(found, instead);
        assertThat(changed).isNotEqualTo(text);
        Path file = file(changed);
        assertThatThrownBy(() -> RecordFormat.read(file))
                .isInstanceOfSatisfying(
                        CgloraException.class,
                        e -> {
                            assertThat(e.problems().getFirst().code()).isEqualTo(ErrorCode.P_JSON);
                            assertThat(e.problems().getFirst().where()).endsWith("a.json");
                            assertThat(e.problems().getFirst().what()).contains(what);
                        });
    }

    @Test
    void aResultHasSamplesOrAFailure() throws IOException {
        String text =
                RecordFormat.write(
                        record(device("jvm", result(Suite.STEP, "s", Unit.SECONDS, 1.0))));
        Path file = file(text.replaceFirst("\"samples\" : \\[ 1.0 \\]", "\"samples\" : []"));
        assertThatThrownBy(() -> RecordFormat.read(file))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("is no record of a benchmark: s needs samples or a failure");
    }
}
