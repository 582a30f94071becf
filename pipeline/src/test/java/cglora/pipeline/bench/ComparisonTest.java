package cglora.pipeline.bench;

import static cglora.pipeline.bench.Records.device;
import static cglora.pipeline.bench.Records.record;
import static cglora.pipeline.bench.Records.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import cglora.pipeline.bench.Comparison.Row;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final Unit RATE = Unit.GFLOP_PER_SECOND;

    private static Map<String, BenchRecord> two(BenchRecord a, BenchRecord b) {
        var records = new LinkedHashMap<String, BenchRecord>();
        records.put("a", a);
        records.put("b", b);
        return records;
    }

    private static Comparison sideBySide() {
        return Comparison.of(
                two(
                        record(
                                device(
                                        "jvm",
                                        result(Suite.STEP, "time", Unit.SECONDS, 3.0, 1.0, 2.0),
                                        result(Suite.GEMM, "one", RATE, 10.0),
                                        result(Suite.GEMM, "two", RATE, 20.0))),
                        record(
                                device(
                                        "jvm",
                                        result(Suite.STEP, "time", Unit.SECONDS, 1.0),
                                        result(Suite.GEMM, "one", RATE, 15.0)),
                                device(
                                        "ptx:0:0",
                                        result(Suite.STEP, "time", Unit.SECONDS, 4.0),
                                        Result.failed(Suite.GEMM, "one", RATE, "wrong"),
                                        result(Suite.GEMM, "two", RATE, 5.0)))));
    }

    @Test
    void moreOrLessIsBetterByTheUnit() {
        Comparison comparison = sideBySide();
        assertThat(comparison.columns())
                .extracting(Comparison.Column::title)
                .containsExactly("a jvm", "b jvm", "b ptx:0:0");
        Row one = comparison.rows().get(0);
        assertThat(one.test()).isEqualTo("one");
        assertThat(one.gain(1)).isEqualTo(1.5);
        Row time = comparison.rows().get(2);
        assertThat(time.results().getFirst().median()).isEqualTo(2);
        assertThat(time.gain(1)).isEqualTo(2);
        assertThat(time.gain(2)).isEqualTo(0.5);
        assertThat(time.best()).isEqualTo(1);
    }

    @Test
    void whatFailedOrIsNotThereIsNotRanked() {
        Comparison comparison = sideBySide();
        Row one = comparison.rows().get(0);
        Row two = comparison.rows().get(1);
        assertThat(one.best()).isEqualTo(-1);
        assertThat(one.gain(2)).isNaN();
        assertThat(two.best()).isEqualTo(-1);
        assertThat(two.results().get(1)).isNull();
        assertThat(ComparisonText.markdown(comparison).lines())
                .anyMatch(
                        line ->
                                line.matches(
                                        "\\| gemm +\\| one +\\| GFLOP/s \\| 10 +\\| 15 \\(1.5×\\) +\\| failed +\\|"))
                .anyMatch(
                        line ->
                                line.matches(
                                        "\\| gemm +\\| two +\\| GFLOP/s \\| 20 +\\| - +\\| 5 \\(0.25×\\) +\\|"))
                .anyMatch(
                        line ->
                                line.matches(
                                        "\\| step +\\| time +\\| s +\\| 2 +\\| \\*\\*1 \\(2×\\)\\*\\* +\\| 4 \\(0.5×\\) +\\|"));
        assertThat(ComparisonText.csv(comparison))
                .startsWith("suite,test,unit,a jvm,a jvm spread,a jvm gain,b jvm,")
                .contains("\r\ngemm,one,GFLOP/s,10.0,0.0,1.0,15.0,0.0,1.5,,,\r\n");
        assertThat(ComparisonText.json(comparison))
                .contains("\"cglora_bench_comparison\": 1", "\"failure\": \"wrong\"", "null,");
    }

    /// A device that skips a part of the work is fast.
    @Test
    void whatIsWrongOrFailedHasNoRank() {
        DeviceRecord right = device("jvm", result(Suite.GEMM, "one", RATE, 10.0));
        DeviceRecord slower = device("opencl:0", result(Suite.GEMM, "one", RATE, 5.0));
        DeviceRecord wrong =
                device("ptx:0", result(Suite.GEMM, "one", RATE, 99.0))
                        .withChecks(39, List.of("softmax: element 3 is 1, expected 2"));
        DeviceRecord failed =
                device("ptx:1", result(Suite.GEMM, "one", RATE, 99.0)).withFailure("it crashed");
        Comparison comparison = Comparison.of(Map.of("x", record(right, wrong, failed, slower)));
        Row row = comparison.rows().getFirst();
        assertThat(row.best()).isZero();
        assertThat(row.gain(1)).isNaN();
        assertThat(row.gain(2)).isNaN();
        assertThat(row.gain(3)).isEqualTo(0.5);
        assertThat(ComparisonText.markdown(comparison))
                .contains("ptx:0 (wrong kernels) |", "ptx:1 (failed) |", "**10**")
                .contains("wrong: softmax: element 3", "FAILED: it crashed")
                .doesNotContain("**99");
        assertThat(ComparisonPage.html(comparison)).contains("ptx:0 (wrong kernels)</th>");
        assertThat(ComparisonText.json(comparison)).contains("\"ranked\": false");
        Row first = Comparison.of(Map.of("x", record(wrong, right))).rows().getFirst();
        assertThat(first.best()).isEqualTo(-1);
        assertThat(first.gain(1)).isNaN();
    }

    @Test
    void nothingIsManyTimesAsGoodAsNothing() {
        Comparison comparison =
                Comparison.of(
                        two(
                                record(device("a", result(Suite.STEP, "x", Unit.PERCENT, 2.0))),
                                record(device("b", result(Suite.STEP, "x", Unit.PERCENT, 0.0)))));
        assertThat(comparison.rows().getFirst().gain(1)).isNaN();
        assertThat(comparison.rows().getFirst().best()).isEqualTo(1);
        assertThat(ComparisonText.json(comparison)).contains("\"gain\": null");
    }

    @Test
    void devicesOfOneRecordAreComparedByTheirNames() {
        Comparison comparison =
                Comparison.of(
                        Map.of(
                                "x",
                                record(
                                        device("jvm", result(Suite.GEMM, "one", RATE, 1.0)),
                                        device("jvm", result(Suite.GEMM, "one", RATE, 1.0)),
                                        DeviceRecord.failed("opencl:0", "gone"))));
        assertThat(comparison.columns())
                .extracting(Comparison.Column::title)
                .containsExactly("jvm", "jvm (2)", "opencl:0");
        assertThat(ComparisonText.markdown(comparison))
                .contains("**opencl:0**: opencl:0, FAILED: gone");
    }

    @Test
    void otherVersionsShapesAndUnitsAreRefused() {
        BenchRecord one = record(device("jvm", result(Suite.GEMM, "NN 1×2×3", RATE, 1.0)));
        assertRefused(
                one,
                record(Suite.VERSION + 1, device("jvm", result(Suite.GEMM, "NN 1×2×3", RATE, 1.0))),
                "was measured with suite version " + (Suite.VERSION + 1) + ", a with");
        assertRefused(
                one,
                record(device("jvm", result(Suite.GEMM, "NN 1×2×4", RATE, 1.0))),
                "a jvm and b jvm have no test in common: 'NN 1×2×3' is not 'NN 1×2×4'");
        assertRefused(
                one,
                record(device("jvm", result(Suite.GEMM, "NN 1×2×3", Unit.SECONDS, 1.0))),
                "is given in GFLOP/s by a jvm and in s by b jvm");
    }

    private static void assertRefused(BenchRecord a, BenchRecord b, String what) {
        assertThatThrownBy(() -> Comparison.of(two(a, b)))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("O-CONFLICT")
                .hasMessageContaining(what);
    }

    @Test
    void thePageNeedsNothingElseAndEscapesWhatItShows() {
        String page =
                ComparisonPage.html(
                        Comparison.of(
                                Map.of(
                                        "x",
                                        record(
                                                device(
                                                        "<b>&\"",
                                                        result(Suite.GEMM, "a<b", RATE, 4.0)),
                                                device(
                                                        "jvm",
                                                        result(Suite.GEMM, "a<b", RATE, 1.0))))));
        assertThat(page)
                .startsWith("<!DOCTYPE html>")
                .contains("&lt;b&gt;&amp;&quot;", "a&lt;b", "width=\"25.0\"", "width=\"100.0\"")
                .contains("width=device-width", "@media print")
                .doesNotContain("<script", "http:", "https:", "src=", "@import", "<b>&\"");
    }
}
