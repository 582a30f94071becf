package cglora.models.t5;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Buckets as transformers' `T5Attention._relative_position_bucket` gives them.
class RelativeBucketsTest {
    private static final RelativeBuckets ENCODER = new RelativeBuckets(32, 128, true);
    private static final RelativeBuckets DECODER = new RelativeBuckets(32, 128, false);

    @Test
    void nearDistancesHaveABucketEach() {
        for (int d = 0; d < 8; d++) {
            assertThat(ENCODER.bucket(-d)).isEqualTo(d);
            assertThat(ENCODER.bucket(d)).isEqualTo(d == 0 ? 0 : 16 + d);
        }
        for (int d = 0; d < 16; d++) {
            assertThat(DECODER.bucket(-d)).isEqualTo(d);
        }
    }

    @Test
    void farDistancesShareLogarithmicSteps() {
        int[] edges = {8, 12, 16, 23, 32, 46, 64, 91};
        for (int i = 0; i < edges.length; i++) {
            assertThat(ENCODER.bucket(-edges[i])).as("distance %d", edges[i]).isEqualTo(8 + i);
            assertThat(ENCODER.bucket(1 - edges[i])).isEqualTo(7 + i);
            assertThat(ENCODER.bucket(edges[i])).isEqualTo(24 + i);
        }
        assertThat(ENCODER.bucket(-1000)).isEqualTo(15);
        assertThat(ENCODER.bucket(1000)).isEqualTo(31);
        assertThat(DECODER.bucket(-1000)).isEqualTo(31);
    }

    @Test
    void aDecoderGivesWhatIsAheadNoBucketOfItsOwn() {
        assertThat(DECODER.bucket(5)).isZero();
        assertThat(DECODER.ofQuery(3, 5)).containsExactly(3, 2, 1, 0, 0);
        assertThat(DECODER.all(3, 2)).containsExactly(2, 1, 0, 0);
    }
}
