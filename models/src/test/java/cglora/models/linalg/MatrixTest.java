package cglora.models.linalg;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatrixTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 7, 8", "13, 1, 5", "64, 13, 100", "7, 384, 3"})
    void productsMatchPlainLoops(int m, int k, int n) {
        var random = new Random(m * 31L + n);
        Matrix A = RandomMatrices.gaussian(m, k, random);
        Matrix B = RandomMatrices.gaussian(k, n, random);
        Matrix expected = Matrix.zero(m, n);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int p = 0; p < k; p++) {
                    expected.values()[i * n + j] += A.get(i, p) * B.get(p, j);
                }
            }
        }
        assertClose("A · B", A.times(B), expected, 1e-13);
        assertClose("A · Bᵀ", A.timesTransposed(B.transpose()), expected, 1e-13);
        assertClose("Aᵀ · B", A.transpose().transposeTimes(B), expected, 1e-13);
    }

    @Test
    void anEmptyInnerDimensionGivesZero() {
        assertThat(Matrix.zero(2, 0).times(Matrix.zero(0, 3))).isEqualTo(Matrix.zero(2, 3));
        assertThat(Matrix.zero(2, 0).timesTransposed(Matrix.zero(3, 0)))
                .isEqualTo(Matrix.zero(2, 3));
    }

    @Test
    void normsSurviveSquaresOutsideTheRangeOfADouble() {
        Matrix tiny = Matrix.of(new double[] {3e-200, 4e-200});
        assertThat(tiny.frobenius()).isCloseTo(5e-200, within(1e-212));
        assertThat(tiny.columnNorms()).containsExactly(3e-200, 4e-200);
    }

    @Test
    void readsAndWritesFloats() {
        Matrix M = Matrix.of(new float[] {1, 2}, new float[] {3, 4}, new float[] {5, 6});
        assertThat(M).isEqualTo(Matrix.of(3, 2, new float[] {1, 2, 3, 4, 5, 6}));
        assertThat(M.toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(M.columns(1, 1)).isEqualTo(Matrix.of(3, 1, new float[] {2, 4, 6}));
    }

    @Test
    void refusesShapesThatDoNotFitAndShowsThem() {
        Matrix A = Matrix.zero(2, 3);
        assertThatThrownBy(() -> A.times(A)).hasMessageContaining("2 × 3 and 2 × 3 do not fit");
        assertThatThrownBy(() -> A.minus(A.transpose())).hasMessageContaining("3 × 2");
        assertThatThrownBy(A::trace).hasMessageContaining("2 × 3");
        assertThatThrownBy(() -> new Matrix(2, 2, new double[3]))
                .hasMessageContaining("3 values, expected 2 × 2");
        assertThatThrownBy(() -> Matrix.of(new double[2], new double[1]))
                .hasMessageContaining("row 1 has 1 values, expected 2");
    }

    @Test
    void notANumberIsSeen() {
        Matrix M = Matrix.of(new double[] {1, Double.NaN, 2});
        assertThat(M.isFinite()).isFalse();
        assertThat(M.isZero()).isFalse();
        assertThat(Matrix.of(new double[] {1, Double.NEGATIVE_INFINITY}).isFinite()).isFalse();
    }
}
