package cglora.kernels.engine;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.math.Bfloat16;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThinVariantsTest {
    private static float[] drawn(int length) {
        var random = new Random(length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /// Numbers that bfloat16 has.
    private static float[] rounded(int length, int[] words) {
        float[] values = drawn(length);
        Bfloat16.pack(values, words, 0);
        Bfloat16.unpack(words, 0, values);
        return values;
    }

    /// The same bits however the range is shared, row by row or together, from float32 or bfloat16.
    @ParameterizedTest
    @CsvSource({"1, 22, 100", "2, 8, 13", "5, 38, 64", "16, 6, 33"})
    void anElementHasItsBitsWhateverIsBesideIt(int rows, int n, int k) {
        int[] words = new int[n * k / 2];
        float[] b = rounded(n * k, words);
        float[] a = drawn(rows * k);
        int[] at = {0, 0, 0};
        float[] whole = new float[rows * n];
        ThinVariants.thinNT(0, n, a, b, whole, at, 0, rows, n, k, 1f, 0);

        float[] single = new float[rows * n];
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < n; j++) {
                int[] row = {r * k, 0, r * n};
                ThinVariants.thinNT(j, 1, a, b, single, row, 0, 1, n, k, 1f, 0);
            }
        }
        assertThat(single).containsExactly(whole);

        float[] narrow = new float[rows * n];
        for (int cut = 0; cut <= n / 2; cut++) {
            Bfloat16ThinVariants.bfloat16ThinNT(0, cut, a, words, narrow, at, 0, rows, n, k, 1f, 0);
            Bfloat16ThinVariants.bfloat16ThinNT(
                    cut, n / 2 - cut, a, words, narrow, at, 0, rows, n, k, 1f, 0);
            assertThat(narrow).containsExactly(whole);
        }
    }
}
