package cglora.models.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SymmetricEigen;
import cglora.models.linalg.ThinQr;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The shares against projections in the formed roots, on bases of whole matrices.
class LayerAlignmentTest {
    private static final double TOLERANCE = 1e-10;
    private static final Damping DAMPING = Damping.relative(0.3);

    private record Case(Matrix A, Matrix S, Matrix update, Matrix loraA, Matrix loraB) {
        static Case random(int out, int in, int r, long seed) {
            var random = new Random(seed);
            Matrix X = RandomMatrices.fading(40, in, 1e-2, random);
            Matrix G = RandomMatrices.fading(40, out, 1e-3, random);
            return new Case(
                    X.transposeTimes(X).scaled(1.0 / 40),
                    G.transposeTimes(G).scaled(1e-4 / 40),
                    RandomMatrices.gaussian(out, in, random),
                    RandomMatrices.gaussian(r, in, random),
                    RandomMatrices.gaussian(out, r, random));
        }

        Case with(Matrix other, Matrix otherA, Matrix otherB) {
            return new Case(A, S, other, otherA, otherB);
        }

        LayerAlignment alignment() {
            return LayerAlignment.of(A, S, DAMPING, update, loraA, loraB);
        }
    }

    /// `M^{1/2}` of a damped factor.
    private static Matrix root(Matrix M, double lambda) {
        return SymmetricEigen.of(M).power(lambda, 0.5);
    }

    /// The length of what is left of `D` in the span of some matrices.
    private static double projected(Matrix D, List<Matrix> basis) {
        double[][] columns = new double[basis.size()][];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = basis.get(i).values();
        }
        Matrix Q = ThinQr.orthonormalColumns(Matrix.of(columns).transpose());
        return Q.transposeTimes(new Matrix(D.values().length, 1, D.values())).frobenius();
    }

    @ParameterizedTest
    @CsvSource({"5, 4, 1", "4, 6, 2", "7, 7, 3"})
    void sharesAreThoseOfOrthogonalProjections(int out, int in, int r) {
        Case c = Case.random(out, in, r, 11 * out + r);
        var split = DAMPING.split(c.A.trace(), in, c.S.trace(), out);
        Matrix rootS = root(c.S, split.lambdaS());
        Matrix rootA = root(c.A, split.lambdaA());
        Matrix D = rootS.times(c.update).times(rootA);
        var span = new ArrayList<Matrix>();
        var tangent = new ArrayList<Matrix>();
        for (int i = 0; i < r; i++) {
            Matrix b = c.loraB.columns(i, 1);
            Matrix a = c.loraA.rows(i, 1);
            for (int j = 0; j < r; j++) {
                span.add(rootS.times(b.times(c.loraA.rows(j, 1))).times(rootA));
            }
            // B Y whole, of Z A what is not in it: the two meet in the span of the factors
            for (int j = 0; j < in; j++) {
                Matrix unit = Matrix.identity(in).rows(j, 1);
                tangent.add(rootS.times(b.times(unit)).times(rootA));
            }
            Matrix others = complement(rootS.times(c.loraB));
            for (int j = 0; j < out - r; j++) {
                tangent.add(others.columns(j, 1).times(a).times(rootA));
            }
        }
        LayerAlignment found = c.alignment();
        double size = D.frobenius();
        assertThat(found.update()).isCloseTo(size, within(TOLERANCE * size));
        assertThat(found.spanShare()).isCloseTo(projected(D, span) / size, within(TOLERANCE));
        assertThat(found.tangentShare()).isCloseTo(projected(D, tangent) / size, within(TOLERANCE));
    }

    /// An orthonormal basis of what is orthogonal to the columns of `B`.
    private static Matrix complement(Matrix B) {
        int out = B.rows();
        Matrix Q = ThinQr.orthonormalColumns(B);
        Matrix rest = Matrix.identity(out).minus(Q.timesTransposed(Q));
        return SymmetricEigen.of(rest).vectors().columns(B.columns(), out - B.columns());
    }

    @Test
    void anUpdateOfTheAdaptersOwnFactorsIsHeldWhole() {
        Case c = Case.random(6, 5, 2, 3);
        LayerAlignment own =
                c.with(
                                c.loraB
                                        .times(Matrix.of(new double[] {1, 2}, new double[] {0, 3}))
                                        .times(c.loraA),
                                c.loraA,
                                c.loraB)
                        .alignment();
        assertThat(own.spanShare()).isCloseTo(1, within(TOLERANCE));
        assertThat(own.tangentShare()).isCloseTo(1, within(TOLERANCE));
    }

    @Test
    void whatThoseOfOneFactorReachIsHeldByTheTangentSpaceAlone() {
        Case c = Case.random(6, 5, 2, 4);
        Matrix Y = RandomMatrices.gaussian(2, 5, new Random(8));
        LayerAlignment found = c.with(c.loraB.times(Y), c.loraA, c.loraB).alignment();
        assertThat(found.tangentShare()).isCloseTo(1, within(TOLERANCE));
        assertThat(found.spanShare()).isLessThan(0.99);
    }

    @Test
    void aStartWithoutColumnsSpansNothingButCanMove() {
        Case c = Case.random(6, 5, 2, 5);
        LayerAlignment found = c.with(c.update, c.loraA, Matrix.zero(6, 2)).alignment();
        assertThat(found.span()).isZero();
        assertThat(found.tangentShare()).isBetween(0.1, 0.95);
        LayerAlignment none = c.with(c.update, Matrix.zero(2, 5), Matrix.zero(6, 2)).alignment();
        assertThat(none.tangent()).isZero();
    }

    @Test
    void aRepeatedDirectionAddsNothing() {
        Case c = Case.random(6, 5, 2, 6);
        Matrix twiceA = Matrix.of(row(c.loraA, 0), row(c.loraA, 1), row(c.loraA, 0));
        Matrix B = c.loraB.transpose();
        Matrix twiceB = Matrix.of(row(B, 0), row(B, 1), row(B, 0)).transpose();
        LayerAlignment once = c.alignment();
        LayerAlignment twice = c.with(c.update, twiceA, twiceB).alignment();
        assertThat(twice.spanShare()).isCloseTo(once.spanShare(), within(1e-8));
        assertThat(twice.tangentShare()).isCloseTo(once.tangentShare(), within(1e-8));
    }

    private static double[] row(Matrix M, int i) {
        return M.rows(i, 1).values();
    }

    @Test
    void sharesDependOnTheFactorsSpansAlone() {
        Case c = Case.random(6, 5, 2, 7);
        Matrix mixed = Matrix.of(new double[] {1e-4, 0}, new double[] {3e-4, 50});
        LayerAlignment plain = c.alignment();
        LayerAlignment other =
                c.with(c.update, mixed.times(c.loraA), c.loraB.times(mixed)).alignment();
        assertThat(other.spanShare()).isCloseTo(plain.spanShare(), within(1e-9));
        assertThat(other.tangentShare()).isCloseTo(plain.tangentShare(), within(1e-9));
    }

    @Test
    void aLayerThatWasNotUpdatedHasNoShare() {
        Case c = Case.random(6, 5, 2, 9);
        LayerAlignment found = c.with(Matrix.zero(6, 5), c.loraA, c.loraB).alignment();
        assertThat(found.spanShare()).isNaN();
        assertThat(found.tangentShare()).isNaN();
    }

    @Test
    void layersAddUpAsOrthogonalParts() {
        var sum =
                LayerAlignment.sum(
                        List.of(new LayerAlignment(3, 0, 3), new LayerAlignment(4, 4, 4)));
        assertThat(sum.update()).isCloseTo(5, within(1e-15));
        assertThat(sum.spanShare()).isCloseTo(0.8, within(1e-15));
        assertThat(sum.tangentShare()).isCloseTo(1, within(1e-15));
    }
}
