package cglora.kernels.dropout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.check.Dropout64;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DropoutKernelsTest {
    private static final int N = 100_000;

    private static float[] masks(int seed, int key, float rate) {
        float[] ones = new float[N];
        Arrays.fill(ones, 1f);
        float[] y = new float[N];
        DropoutKernels.dropout(0, N, ones, new int[] {seed}, y, new int[3], 0, key, rate);
        return y;
    }

    private static int kept(float[] mask) {
        int kept = 0;
        for (float value : mask) {
            kept += value != 0 ? 1 : 0;
        }
        return kept;
    }

    @Test
    void givesTheSameBitsHoweverItIsSplit() {
        float[] whole = masks(5, 9, 0.1f);
        float[] ones = new float[N];
        Arrays.fill(ones, 1f);
        float[] parts = new float[N];
        var random = new Random(3);
        int first = 0;
        while (first < N) {
            int count = Math.min(N - first, 1 + random.nextInt(5000));
            DropoutKernels.dropout(
                    first, count, ones, new int[] {5}, parts, new int[3], 0, 9, 0.1f);
            first += count;
        }
        assertThat(parts).isEqualTo(whole);
    }

    @Test
    void keepsAsManyAsTheRateSays() {
        for (float rate : new float[] {0.05f, 0.1f, 0.5f, 0.9f}) {
            for (int seed = 0; seed < 5; seed++) {
                double share = kept(masks(seed, 1234 * seed, rate)) / (double) N;
                double deviation = Math.sqrt(rate * (1 - rate) / N);
                assertThat(share).isCloseTo(1 - rate, within(4.5 * deviation));
            }
        }
    }

    @Test
    void keepsEverythingAtRateZero() {
        assertThat(masks(1, 2, 0f)).containsOnly(1f);
    }

    @Test
    void scalesWhatItKeeps() {
        assertThat(masks(1, 2, 0.5f)).containsOnly(0f, 2f);
    }

    /// Neighbouring seeds and keys, as steps and layers have them, must not decide alike: of two
    /// independent masks a quarter of the elements is kept by both.
    @Test
    void neighbouringSeedsAndKeysAreIndependent() {
        float[] mask = masks(100, 7, 0.5f);
        for (float[] other :
                new float[][] {
                    masks(101, 7, 0.5f), masks(100, 8, 0.5f), masks(99, 7, 0.5f),
                    masks(100, 6, 0.5f), masks(101, 8, 0.5f), masks(-100, 7, 0.5f)
                }) {
            int both = 0;
            for (int i = 0; i < N; i++) {
                both += mask[i] != 0 && other[i] != 0 ? 1 : 0;
            }
            assertThat(both / (double) N).isCloseTo(0.25, within(4.5 * Math.sqrt(0.1875 / N)));
        }
    }

    @Test
    void neighbouringElementsAreIndependent() {
        float[] mask = masks(2024, 3, 0.5f);
        for (int distance : new int[] {1, 2, 32, 384, 1024}) {
            int both = 0;
            for (int i = distance; i < N; i++) {
                both += mask[i] != 0 && mask[i - distance] != 0 ? 1 : 0;
            }
            assertThat(both / (double) (N - distance))
                    .isCloseTo(0.25, within(5 * Math.sqrt(0.1875 / N)));
        }
    }

    @Test
    void uniformIsWhatUnsignedArithmeticGives() {
        var random = new Random(11);
        for (int i = 0; i < 100_000; i++) {
            int seed = random.nextInt();
            int key = random.nextInt();
            int index = random.nextInt(Integer.MAX_VALUE);
            float uniform = DropoutKernels.uniform(seed, key, index);
            assertThat((double) uniform)
                    .isEqualTo(Dropout64.uniform(seed, key, index))
                    .isBetween(0.0, 1 - 0x1p-24);
        }
    }

    /// A change of these numbers changes what a seed means in every recorded run.
    @Test
    void goldenValues() {
        assertThat(
                        new float[] {
                            DropoutKernels.uniform(0, 0, 0),
                            DropoutKernels.uniform(1, 0, 0),
                            DropoutKernels.uniform(42, 7, 1000),
                            DropoutKernels.uniform(-1, -1, Integer.MAX_VALUE)
                        })
                .containsExactly(0f, 0.73223627f, 0.21574599f, 0.08507365f);
    }
}
