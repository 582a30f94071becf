package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// How examples are shared where there are few.
class SamplesTest {
    @Test
    void smallTrainingSetsAreSharedFairly() {
        assertThat(Samples.share(new int[] {512, 102, 512, 192}, 48))
                .containsExactly(12, 12, 12, 12);
        assertThat(Samples.share(new int[] {8, 2, 100, 20}, 60)).containsExactly(8, 2, 30, 20);
        assertThat(Samples.share(new int[] {8, 2, 3, 0}, 100)).containsExactly(8, 2, 3, 0);
        assertThat(Samples.share(new int[] {8, 2, 3, 4}, 2)).contains(0);
    }
}
