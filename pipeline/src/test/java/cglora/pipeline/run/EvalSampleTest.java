package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EvalSampleTest {
    private static long count(int[] labels, int[] places, int label) {
        return Arrays.stream(places).filter(place -> labels[place] == label).count();
    }

    /// A file that is sorted by class has all its classes in the sample.
    @Test
    void classesHaveTheirShares() {
        int[] labels = new int[1000];
        Arrays.fill(labels, 600, 900, 1);
        Arrays.fill(labels, 900, 1000, 2);
        int[] places = EvalSample.places(labels, 50, 7);
        assertThat(places).hasSize(50).isSorted().doesNotHaveDuplicates();
        assertThat(count(labels, places, 0)).isEqualTo(30);
        assertThat(count(labels, places, 1)).isEqualTo(15);
        assertThat(count(labels, places, 2)).isEqualTo(5);
        assertThat(EvalSample.places(labels, 50, 7)).isEqualTo(places);
        assertThat(EvalSample.places(labels, 50, 8)).isNotEqualTo(places);
    }

    @Test
    void theSumHoldsWhereSharesAreNoWholeNumbers() {
        int[] labels = new int[97];
        Arrays.setAll(labels, i -> i % 7);
        for (int count = 1; count < labels.length; count++) {
            assertThat(EvalSample.places(labels, count, count)).hasSize(count);
        }
        assertThat(EvalSample.places(new int[20], 5, 1))
                .hasSize(5)
                .isNotEqualTo(new int[] {0, 1, 2, 3, 4});
    }
}
