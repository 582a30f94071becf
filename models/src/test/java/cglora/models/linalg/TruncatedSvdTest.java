package cglora.models.linalg;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TruncatedSvdTest {
    /// Leading singular values by Commons Math on the whole matrix.
    private static double[] reference(Matrix M, int rank) {
        double[][] rows = new double[M.rows()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(M.values(), i * M.columns(), (i + 1) * M.columns());
        }
        var svd = new SingularValueDecomposition(new Array2DRowRealMatrix(rows));
        return Arrays.copyOf(svd.getSingularValues(), rank);
    }

    private static void assertOrthonormal(String what, Matrix columns) {
        assertClose(
                what, columns.transposeTimes(columns), Matrix.identity(columns.columns()), 1e-12);
    }

    private static LinearOperator operator(Matrix M) {
        return LinearOperator.of(M);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "8, 3", "3, 8", "13, 13", "100, 7", "24, 64"})
    void exactTripletsRebuildTheMatrix(int rows, int columns) {
        Matrix M = RandomMatrices.gaussian(rows, columns, new Random(rows + columns));
        TruncatedSvd svd = TruncatedSvd.exact(M);
        assertClose("U Σ Vᵀ", svd.product(), M, 1e-13);
        assertClose("Σ", svd.singularValues(), reference(M, svd.rank()), 1e-13);
        assertOrthonormal("UᵀU", svd.U());
        assertOrthonormal("VᵀV", svd.V());
    }

    @ParameterizedTest
    @CsvSource({"200, 150, 4", "150, 200, 8", "300, 140, 16"})
    void theRandomisedSvdFindsAFadingSpectrum(int rows, int columns, int rank) {
        Matrix M = RandomMatrices.fading(rows, columns, 1e-6, new Random(rank));
        TruncatedSvd svd = TruncatedSvd.of(operator(M), rank, 1);
        // 2 power iterations reduce what lies outside the sketch by (σ_{r+9}/σ_r)⁵
        assertClose("Σ", svd.singularValues(), reference(M, rank), 1e-3);
        assertOrthonormal("UᵀU", svd.U());
        assertOrthonormal("VᵀV", svd.V());
        assertClose(
                "UᵀMV",
                svd.U().transposeTimes(M).times(svd.V()),
                Matrix.identity(rank).scaledColumns(svd.singularValues()),
                1e-12);
        double best = Math.sqrt(tail(M, rank));
        assertThat(M.minus(svd.product()).frobenius()).isLessThan(1.01 * best);
    }

    @ParameterizedTest
    @CsvSource({"200, 150, 4, 0.5", "150, 200, 8, 0.5", "150, 300, 8, 1e-4", "160, 160, 30, 1"})
    void theLeadingTripletsOfAFormedMatrixAreExactForAnySpectrumAndSeed(
            int rows, int columns, int rank, double last) {
        Matrix M = RandomMatrices.fading(rows, columns, last, new Random(rank));
        TruncatedSvd svd = TruncatedSvd.of(M, rank, 1);
        assertClose("Σ", svd.singularValues(), reference(M, rank), 1e-12);
        assertOrthonormal("UᵀU", svd.U());
        assertOrthonormal("VᵀV", svd.V());
        assertClose("M V", M.times(svd.V()), svd.U().scaledColumns(svd.singularValues()), 1e-10);
        assertClose("other seed", TruncatedSvd.of(M, rank, 2).product(), svd.product(), 1e-10);
        assertClose(
                "scale",
                TruncatedSvd.of(M.scaled(1e-180), rank, 1).singularValues(),
                Arrays.stream(svd.singularValues()).map(value -> value * 1e-180).toArray(),
                1e-12);
    }

    @Test
    void theRandomisedSvdOfALowRankMatrixIsExactThoughTheSketchIsWider() {
        var random = new Random(2);
        Matrix P = RandomMatrices.gaussian(180, 5, random);
        Matrix Q = RandomMatrices.gaussian(160, 5, random);
        Matrix M = P.timesTransposed(Q);
        TruncatedSvd svd = TruncatedSvd.of(LinearOperator.ofProduct(P, Q, 0.5), 7, 3);
        assertClose("0.5 P Qᵀ", svd.product(), M.scaled(0.5), 1e-12);
        assertThat(svd.singularValues()[5]).isLessThan(1e-10 * svd.singularValues()[0]);
        assertClose(
                "product form",
                TruncatedSvd.ofProduct(P, Q, 0.5, 7, 1).product(),
                M.scaled(0.5),
                1e-12);
    }

    @ParameterizedTest
    @CsvSource({"200, 150, 40", "200, 150, 90", "150, 200, 300", "300, 10, 100", "150, 140, 66"})
    void theLeadingTripletsOfAProductAreExactWithoutFormingIt(int rows, int columns, int inner) {
        var random = new Random(inner);
        Matrix P = RandomMatrices.fading(rows, inner, 0.01, random);
        Matrix Q = RandomMatrices.fading(columns, inner, 0.01, random);
        Matrix M = P.timesTransposed(Q).scaled(0.5);
        TruncatedSvd expected = TruncatedSvd.of(M, 6, 1);
        TruncatedSvd actual = TruncatedSvd.ofProduct(P, Q, 0.5, 6, 1);
        assertClose("Σ", actual.singularValues(), expected.singularValues(), 1e-12);
        assertClose("U Σ Vᵀ", actual.product(), expected.product(), 1e-10);
        assertOrthonormal("UᵀU", actual.U());
        assertOrthonormal("VᵀV", actual.V());
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "7, 13", "13, 7", "64, 64", "40, 150"})
    void lapacksTripletsInFloat32RebuildTheMatrix(int rows, int columns) {
        int rank = Math.min(rows, columns);
        Matrix M = RandomMatrices.gaussian(rows, columns, new Random(8)).scaled(1e-6);
        TruncatedSvd svd = TruncatedSvd.full(M, rank);
        assertClose("M", svd.product(), M, 1e-5);
        double[] expected = TruncatedSvd.exact(M).singularValues();
        for (int i = 0; i < rank; i++) {
            assertThat(svd.singularValues()[i]).isCloseTo(expected[i], within(1e-5 * expected[0]));
        }
        assertThat(TruncatedSvd.full(M.scaled(0), 1).singularValues()).containsExactly(0);
    }

    @Test
    void theSameSeedGivesTheSameTriplets() {
        Matrix M = RandomMatrices.fading(150, 140, 1e-2, new Random(4));
        TruncatedSvd first = TruncatedSvd.of(operator(M), 4, 11);
        TruncatedSvd second = TruncatedSvd.of(operator(M), 4, 11);
        assertThat(second.U()).isEqualTo(first.U());
        assertThat(second.V()).isEqualTo(first.V());
        assertThat(TruncatedSvd.of(operator(M), 4, 12).U()).isNotEqualTo(first.U());
    }

    @Test
    void theLargestEntryOfEveryRightVectorIsPositive() {
        Matrix M = RandomMatrices.gaussian(9, 6, new Random(6));
        TruncatedSvd svd = TruncatedSvd.exact(M.scaled(-1));
        for (int j = 0; j < svd.rank(); j++) {
            double[] column = svd.V().columns(j, 1).values();
            double largest = Arrays.stream(column).map(Math::abs).max().orElseThrow();
            assertThat(Arrays.stream(column).max().orElseThrow()).isEqualTo(largest);
        }
        assertClose("U Σ Vᵀ", svd.product(), M.scaled(-1), 1e-13);
    }

    @Test
    void zeroAndTinyMatricesHaveTriplets() {
        TruncatedSvd zero = TruncatedSvd.of(operator(Matrix.zero(200, 150)), 3, 1);
        assertThat(zero.singularValues()).containsExactly(0, 0, 0);
        assertThat(TruncatedSvd.of(Matrix.zero(200, 150), 3, 1).singularValues())
                .containsExactly(0, 0, 0);
        assertThat(TruncatedSvd.exact(Matrix.zero(3, 2)).singularValues()).containsExactly(0, 0);
        Matrix tiny = RandomMatrices.gaussian(6, 5, new Random(8)).scaled(1e-180);
        assertClose("U Σ Vᵀ", TruncatedSvd.exact(tiny).product(), tiny, 1e-12);
        Matrix wide = RandomMatrices.fading(200, 150, 1e-6, new Random(8));
        assertClose(
                "scale",
                TruncatedSvd.of(operator(wide.scaled(1e-120)), 4, 1).product().scaled(1e120),
                TruncatedSvd.of(operator(wide), 4, 1).product(),
                1e-9);
    }

    @Test
    void refusesImpossibleRanksAndNonFiniteMatrices() {
        LinearOperator M = operator(Matrix.zero(4, 6));
        assertThatThrownBy(() -> TruncatedSvd.of(M, 5, 1))
                .hasMessageContaining("rank 5, expected 1 … 4");
        assertThatThrownBy(() -> TruncatedSvd.of(M, 0, 1)).hasMessageContaining("rank 0");
        assertThatThrownBy(() -> TruncatedSvd.exact(Matrix.of(new double[] {Double.NaN, 1})))
                .hasMessageContaining("non-finite");
    }

    @ParameterizedTest
    @CsvSource({"300, 12, 1", "300, 12, 1e-5", "300, 12, 1e-12", "40, 40, 1e-3"})
    void choleskyQrIsOrthonormalAndKeepsTheRange(int rows, int columns, double last) {
        Matrix Y = RandomMatrices.fading(rows, columns, last, new Random(rows));
        Matrix Q = CholeskyQr.orthonormalize(Y);
        assertOrthonormal("QᵀQ", Q);
        // what is left out stands below the square root of rounding
        assertClose("Q QᵀY", Q.times(Q.transposeTimes(Y)), Y, last < 1e-7 ? 1e-6 : 1e-12);
    }

    /// The squared singular values beyond `rank`, summed.
    private static double tail(Matrix M, int rank) {
        double[] values = reference(M, Math.min(M.rows(), M.columns()));
        double sum = 0;
        for (int i = rank; i < values.length; i++) {
            sum += values[i] * values[i];
        }
        return sum;
    }

    /// A flat spectrum, one that falls fast, and one of few directions, by products alone.
    @ParameterizedTest
    @CsvSource({"260, 150, 0.998", "150, 260, 0.9", "200, 200, 0.1", "180, 240, 0"})
    void krylovSpacesFindEverySpectrum(int rows, int columns, double ratio) {
        var random = new Random(rows);
        double[] values = new double[Math.min(rows, columns)];
        for (int i = 0; i < values.length; i++) {
            values[i] = 3 * Math.pow(ratio, i);
        }
        Matrix M =
                RandomMatrices.orthogonal(rows, random)
                        .columns(0, values.length)
                        .scaledColumns(values)
                        .timesTransposed(
                                RandomMatrices.orthogonal(columns, random)
                                        .columns(0, values.length));
        TruncatedSvd found = TruncatedSvd.krylov(LinearOperator.of(M), 6, 1);
        double[] expected = Arrays.copyOf(values, 6);
        assertClose("values", found.singularValues(), expected, 1e-7);
        assertClose("M v", M.times(found.V()), found.U().scaledColumns(expected), 1e-4);
        assertClose("Mᵀ u", M.transposeTimes(found.U()), found.V().scaledColumns(expected), 1e-4);
    }
}
