package cglora.models.linalg;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random spectra, shapes and ranks.
class SketchedMatrixTest {
    private static final int CASES = 60;

    private static Matrix ofSpectrum(int rows, int columns, double[] values, Random random) {
        Matrix U = RandomMatrices.orthogonal(rows, random).columns(0, values.length);
        Matrix V = RandomMatrices.orthogonal(columns, random).columns(0, values.length);
        return U.scaledColumns(values).timesTransposed(V);
    }

    private static SketchedMatrix sketched(Matrix G, int k, int l, Random random) {
        Matrix Omega = RandomMatrices.gaussian(G.columns(), k, random);
        Matrix Psi = RandomMatrices.gaussian(G.rows(), l, random);
        return SketchedMatrix.of(G.times(Omega), G.transposeTimes(Psi), Psi);
    }

    /// No more directions than columns: nothing is lost.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void itIsExactWhereThereAreNoMoreDirectionsThanColumns(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < CASES; i++) {
            int rows = 6 + random.nextInt(40);
            int columns = 6 + random.nextInt(40);
            int side = Math.min(rows, columns);
            int k = 1 + random.nextInt(side / 2);
            int l = Math.min(side, 2 * k + 1);
            double[] values = new double[1 + random.nextInt(k)];
            for (int j = 0; j < values.length; j++) {
                values[j] = Math.exp(random.nextGaussian());
            }
            Matrix G = ofSpectrum(rows, columns, values, random);
            assertClose(
                    "G of rank %d, %d × %d, k %d, l %d"
                            .formatted(values.length, rows, columns, k, l),
                    sketched(G, k, l, random).product(),
                    G,
                    1e-5);
        }
    }

    /// The mean of the squared error over the random columns stays below theorem 4.3's bound.
    @ParameterizedTest
    @ValueSource(doubles = {0.3, 1, 2})
    void theErrorIsBoundedByTheTail(double decay) {
        var random = new Random(7);
        int rows = 40;
        int columns = 30;
        int k = 9;
        int l = 20;
        double[] values = new double[columns];
        for (int j = 0; j < columns; j++) {
            values[j] = Math.pow(j + 1, -decay);
        }
        Matrix G = ofSpectrum(rows, columns, values, random);
        double bound = Double.POSITIVE_INFINITY;
        for (int j = 0; j < k - 1; j++) {
            double tail = 0;
            for (int i = j; i < columns; i++) {
                tail += values[i] * values[i];
            }
            bound = Math.min(bound, (1 + k / (l - k - 1.0)) * (1 + j / (k - j - 1.0)) * tail);
        }
        double sum = 0;
        for (int i = 0; i < CASES; i++) {
            double error = sketched(G, k, l, random).product().minus(G).frobenius();
            sum += error * error;
        }
        // the bound is on the mean; that of 60 draws lies within a fifth of it
        assertThat(sum / CASES).isLessThan(1.2 * bound);
    }

    @Test
    void ofZeroThereIsNothing() {
        SketchedMatrix zero = sketched(Matrix.zero(9, 7), 3, 6, new Random(1));
        assertThat(zero.left().columns()).isZero();
        assertThat(zero.product().isZero()).isTrue();
    }

    @Test
    void fewerColumnsOnTheOtherSideAreRefused() {
        Matrix G = RandomMatrices.gaussian(9, 7, new Random(1));
        assertThatThrownBy(() -> sketched(G, 5, 4, new Random(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("l ≥ k");
    }

    /// Triplets of a product of thin factors are those of the product.
    @Test
    void tripletsOfThinFactors() {
        var random = new Random(5);
        for (int rank : new int[] {1, 4, 9}) {
            Matrix P = RandomMatrices.fading(50, 6, 1e-3, random);
            Matrix Q = RandomMatrices.fading(40, 6, 1e-3, random);
            TruncatedSvd thin = TruncatedSvd.ofThin(P, Q, rank);
            TruncatedSvd whole = TruncatedSvd.exact(P.timesTransposed(Q));
            assertThat(thin.rank()).isEqualTo(rank);
            int known = Math.min(rank, 6);
            for (int i = 0; i < rank; i++) {
                assertThat(thin.singularValues()[i])
                        .isCloseTo(
                                i < known ? whole.singularValues()[i] : 0,
                                org.assertj.core.api.Assertions.within(
                                        1e-7 * whole.singularValues()[0]));
            }
            Matrix expected =
                    whole.U()
                            .columns(0, known)
                            .scaledColumns(java.util.Arrays.copyOf(whole.singularValues(), known))
                            .timesTransposed(whole.V().columns(0, known));
            assertClose("P Qᵀ of rank " + rank, thin.product(), expected, 1e-6);
        }
    }
}
