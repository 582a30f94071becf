package cglora.pipeline.bench;

import static cglora.pipeline.bench.Records.result;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PeaksTest {
    private static final List<Result> RESULTS =
            List.of(
                    result(Suite.DEVICE, "host to device", Unit.GB_PER_SECOND, 900.0),
                    result(Suite.DEVICE, "copy", Unit.GB_PER_SECOND, 10.0, 30.0, 20.0),
                    result(Suite.DEVICE, "add", Unit.GB_PER_SECOND, 15.0),
                    result(Suite.DEVICE, "NN", Unit.GFLOP_PER_SECOND, 100.0),
                    Result.failed(Suite.GEMM, "NT", Unit.GFLOP_PER_SECOND, "wrong"),
                    result(Suite.GEMM, "NN", Unit.GFLOP_PER_SECOND, 50.0));

    @Test
    void peaksAreTheBestMediansWithoutTransfers() {
        assertThat(Peaks.of(RESULTS)).isEqualTo(new Peaks(20, 100));
    }

    @Test
    void theRoofIsTheLongerOfMovingAndComputing() {
        var peaks = new Peaks(20, 100);
        assertThat(peaks.part(20e9, 0, 2)).isEqualTo(0.5);
        assertThat(peaks.part(20e9, 10e9, 2)).isEqualTo(0.5);
        assertThat(peaks.part(1e9, 100e9, 4)).isEqualTo(0.25);
        assertThat(new Peaks(0, 100).part(1, 1, 1)).isNull();
        assertThat(new Peaks(20, 0).part(1, 1, 1)).isNull();
    }

    @Test
    void productsGetTheirPartOfTheBest() {
        List<Result> marked = new Peaks(20, 100).mark(RESULTS);
        assertThat(marked)
                .extracting(Result::ofPeak)
                .containsExactly(null, null, null, 1.0, null, 0.5);
    }
}
