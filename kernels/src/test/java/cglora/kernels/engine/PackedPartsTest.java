package cglora.kernels.engine;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.math.Bfloat16;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Numbers that come part by part are kept as those that come at once.
class PackedPartsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 1000, 2 * PackedParts.PART, 2 * PackedParts.PART + 1, 2_500_001})
    void partsGiveTheSameWords(int n) {
        var random = new SplittableRandom(n);
        var values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        int at = 5;
        var whole = new int[at + Bfloat16.words(n) + 2];
        var parts = whole.clone();
        Bfloat16.pack(values, whole, at);
        var seen = new int[1];
        PackedParts.fill(
                n,
                parts,
                at,
                (first, count, target, offset) -> {
                    assertThat(count).isBetween(1, PackedParts.PART);
                    System.arraycopy(values, first, target, offset, count);
                    seen[0] += count;
                });
        assertThat(parts).isEqualTo(whole);
        assertThat(seen[0]).isEqualTo(n);
        var rounded = new float[n];
        Bfloat16.unpack(whole, at, rounded);
        for (int first : new int[] {0, n / 3, n / 2, n - 1}) {
            int count = Math.max(1, (n - first) / 2);
            var some = new float[count + 1];
            Bfloat16.unpack(n, whole, at, first, some, 1, count);
            assertThat(Arrays.copyOfRange(some, 1, count + 1))
                    .isEqualTo(Arrays.copyOfRange(rounded, first, first + count));
        }
    }
}
