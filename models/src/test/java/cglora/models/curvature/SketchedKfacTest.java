package cglora.models.curvature;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SketchedKfacTest {
    private static FactoredKfac factored(int tokens, int in, int out, double last, Random random) {
        Matrix X = RandomMatrices.fading(tokens, in, last, random);
        Matrix Gamma = RandomMatrices.fading(tokens, out, last, random);
        int[] example = new int[tokens];
        return new TokenStatistics(X, Gamma, Gamma, example, 1).factored(WeightSharing.EXPAND);
    }

    private static SketchedKfac sketched(FactoredKfac f, int k, int l, Random random) {
        Matrix Omega = RandomMatrices.gaussian(f.in(), k, random);
        Matrix Psi = RandomMatrices.gaussian(f.out(), l, random);
        return new SketchedKfac(
                f.A().times(Omega), f.S().times(Psi), f.G(), f.traceA(), f.traceS(), Omega, Psi);
    }

    /// Tokens that are fewer than the columns leave nothing to be missed; nor do columns that are
    /// as many as a side of the layer.
    @ParameterizedTest
    @CsvSource({
        "5, 30, 24, 12, 20, 0.5, 0.5",
        "5, 30, 24, 12, 20, 0.25, 0",
        "1, 30, 24, 12, 20, 0.5, 0.5",
        "40, 9, 13, 9, 13, 0.5, 0.5",
        "40, 13, 13, 13, 13, 0, 0.5"
    })
    void withEnoughColumnsItIsTheFactoredForm(
            int tokens, int in, int out, int k, int l, double pA, double pS) {
        var random = new Random(tokens + in);
        FactoredKfac exact = factored(tokens, in, out, 0.1, random);
        SketchedKfac sketched = sketched(exact, k, l, random);
        Damping damping = Damping.relative(1);
        assertClose(
                "M",
                sketched.whitenedGradient(damping, pA, pS),
                exact.whitenedGradient(damping, pA, pS),
                1e-5);
        int rank = Math.min(3, tokens);
        assertClose(
                "ΔW",
                sketched.whitenedGradientSvd(damping, pA, pS, rank, 1).product(1),
                exact.whitenedGradientSvd(damping, pA, pS, rank, 1).product(1),
                1e-4);
        OperatorRoots roots = sketched.roots(damping, pA, pS);
        OperatorRoots exactRoots = exact.roots(damping, pA, pS);
        assertClose("Â^{-p}", roots.inputRows(0, in), exactRoots.inputRows(0, in), 1e-5);
        assertClose("Ŝ^{-p}", roots.outputRows(0, out), exactRoots.outputRows(0, out), 1e-5);
        assertThat(roots.inputMean()).isCloseTo(exactRoots.inputMean(), within(1e-5));
    }

    /// A few large eigenvalues and many that are alike: the mean of the rest stands for each.
    @Test
    void eigenvaluesBeyondTheColumnsAreTheirMean() {
        var random = new Random(3);
        int size = 60;
        Matrix V = RandomMatrices.orthogonal(size, random);
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = i < 4 ? 1000.0 * (i + 1) : 1;
        }
        Matrix A = V.scaledColumns(values).timesTransposed(V);
        Matrix G = RandomMatrices.gaussian(size, size, random);
        var exact = new FactoredKfac(A, A, G);
        OperatorRoots roots = sketched(exact, 20, 40, random).roots(Damping.relative(1), 0.5, 0.5);
        OperatorRoots expected = exact.roots(Damping.relative(1), 0.5, 0.5);
        assertClose("Â^{-½}", roots.inputRows(0, size), expected.inputRows(0, size), 0.01);
    }

    @Test
    void zeroAndNonFiniteSketchesAreSeen() {
        FactoredKfac f = factored(5, 12, 10, 0.1, new Random(1));
        SketchedKfac usable = sketched(f, 8, 10, new Random(2));
        assertThat(usable.isFinite()).isTrue();
        assertThat(usable.isZeroGradient()).isFalse();
        var zero = new FactoredKfac(f.A(), f.S(), f.G().scaled(0));
        assertThat(sketched(zero, 8, 10, new Random(2)).isZeroGradient()).isTrue();
        var broken = new FactoredKfac(f.A(), f.S(), f.G().scaled(Double.NaN));
        assertThat(sketched(broken, 8, 10, new Random(2)).isFinite()).isFalse();
    }
}
