package cglora.kernels.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class OpenBlasTest {
    @Test
    void multipliesSlicesOfHeapArrays() {
        var random = new Random(1);
        int m = 7;
        int n = 5;
        int k = 13;
        float[] a = floats(random, 100 + m * k);
        float[] b = floats(random, 3 + n * k);
        float[] c = floats(random, 10 + m * n);
        float[] before = c.clone();
        OpenBlas.get().sgemm(false, true, m, n, k, 2f, a, 100, k, b, 3, k, 0.5f, c, 10, n);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int p = 0; p < k; p++) {
                    sum += (double) a[100 + i * k + p] * b[3 + j * k + p];
                }
                double expected = 2 * sum + 0.5 * before[10 + i * n + j];
                assertThat((double) c[10 + i * n + j]).isCloseTo(expected, within(1e-5));
            }
        }
        assertThat(c).startsWith(java.util.Arrays.copyOf(before, 10));
    }

    @Test
    void findsEigenpairsOfARankDeficientMatrix() {
        var random = new Random(2);
        int n = 64;
        int rank = 16;
        double[] x = random.doubles((long) rank * n, -1, 1).toArray();
        double[] a = new double[n * n];
        OpenBlas.get().dgemm(true, false, n, n, rank, 1, x, n, x, n, 0, a, n);
        double[] vectors = a.clone();
        double[] values = new double[n];
        OpenBlas.get().dsyevd(n, vectors, values);
        assertThat(values[n - rank - 1]).isCloseTo(0, within(1e-9));
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < n; i++) {
                double product = 0;
                for (int p = 0; p < n; p++) {
                    product += a[i * n + p] * vectors[j * n + p];
                }
                assertThat(product).isCloseTo(values[j] * vectors[j * n + i], within(1e-9));
            }
        }
    }

    @Test
    void refusesAMatrixThatEndsBehindItsArray() {
        assertThatThrownBy(
                        () ->
                                OpenBlas.get()
                                        .sgemm(
                                                false,
                                                false,
                                                4,
                                                4,
                                                4,
                                                1,
                                                new float[16],
                                                1,
                                                4,
                                                new float[16],
                                                0,
                                                4,
                                                0,
                                                new float[16],
                                                0,
                                                4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("matrix A: 4 × 4 at 1");
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() * 2 - 1;
        }
        return values;
    }
}
