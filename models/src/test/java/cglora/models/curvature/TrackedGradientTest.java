package cglora.models.curvature;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SymmetricEigen;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random spectra, shapes, ranks and numbers of parts.
class TrackedGradientTest {
    private static TrackedGradient tracked(int in, int out, int k, Random random) {
        return new TrackedGradient(
                RandomMatrices.gaussian(in, k, random),
                RandomMatrices.gaussian(out, Math.min(2 * k, Math.min(in, out)), random),
                new SplittableRandom(random.nextLong()));
    }

    private static void add(TrackedGradient tracked, Matrix part) {
        tracked.add(part.times(tracked.Omega()), part.transposeTimes(tracked.Psi()));
    }

    private static SymmetricEigen factor(int size, Random random) {
        Matrix X = RandomMatrices.fading(2 * size, size, 0.03, random);
        return SymmetricEigen.of(X.transposeTimes(X).scaled(0.5 / size));
    }

    private static Matrix product(TrackedGradient tracked) {
        return tracked.left().timesTransposed(tracked.right());
    }

    private static Matrix whitened(SymmetricEigen A, SymmetricEigen S, Matrix G) {
        Matrix half = S.applyPower(S.trace() / S.size(), -0.5, G);
        return A.applyPower(A.trace() / A.size(), -0.5, half.transpose()).transpose();
    }

    /// Parts that share no more directions than there are columns come out whole, whichever
    /// factors the columns turn by.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void gradientsOfFewDirectionsAreExact(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            int in = 12 + random.nextInt(30);
            int out = 12 + random.nextInt(30);
            int k = 2 + random.nextInt(4);
            int rank = 1 + random.nextInt(k);
            Matrix outputs = RandomMatrices.gaussian(out, rank, random);
            Matrix inputs = RandomMatrices.gaussian(in, rank, random);
            TrackedGradient tracked = tracked(in, out, k, random);
            Matrix sum = Matrix.zero(out, in);
            for (int part = 0; part < 4; part++) {
                Matrix core = RandomMatrices.gaussian(rank, rank, random);
                Matrix G = outputs.times(core).timesTransposed(inputs);
                add(tracked, G);
                sum = sum.plus(G);
                tracked.turn(factor(in, random), factor(out, random));
            }
            assertClose(
                    "%d × %d of rank %d, k %d".formatted(out, in, rank, k),
                    product(tracked),
                    sum,
                    1e-5);
            assertThat(tracked.left().columns()).isLessThanOrEqualTo(2 * k);
        }
    }

    /// As many columns as a side has leave nothing out.
    @Test
    void asManyColumnsAsASideAreExact() {
        var random = new Random(8);
        TrackedGradient tracked = tracked(14, 9, 9, random);
        Matrix sum = Matrix.zero(9, 14);
        for (int part = 0; part < 3; part++) {
            Matrix G = RandomMatrices.gaussian(9, 14, random);
            add(tracked, G);
            sum = sum.plus(G);
            tracked.turn(factor(14, random), factor(9, random));
        }
        assertClose("G", product(tracked), sum, 1e-6);
    }

    /// Of a part nothing is lost but what is outside of both spaces, and that is no more than what
    /// is outside of one of them.
    @ParameterizedTest
    @ValueSource(longs = {4, 5, 6})
    void theErrorOfAPartIsWhatIsOutsideOfBothSpaces(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            int in = 12 + random.nextInt(30);
            int out = 12 + random.nextInt(30);
            int k = 2 + random.nextInt(4);
            SymmetricEigen A = factor(in, random);
            SymmetricEigen S = factor(out, random);
            TrackedGradient tracked = tracked(in, out, k, random);
            add(tracked, RandomMatrices.fading(out, in, 0.01, random));
            tracked.turn(A, S);
            Matrix before = product(tracked);
            Matrix U = S.applyPower(S.trace() / S.size(), 0.5, tracked.Psi());
            Matrix V = A.applyPower(A.trace() / A.size(), 0.5, tracked.Omega());
            Matrix part = RandomMatrices.fading(out, in, 0.1, random);
            add(tracked, part);
            Matrix M = whitened(A, S, part);
            Matrix error = M.minus(whitened(A, S, product(tracked).minus(before)));
            Matrix outsideU = M.minus(U.times(U.transposeTimes(M)));
            Matrix outside = outsideU.minus(outsideU.times(V).timesTransposed(V));
            assertClose("what is left out", error, outside, 1e-6);
            assertThat(error.frobenius()).isLessThanOrEqualTo(outsideU.frobenius() * (1 + 1e-9));
        }
    }

    /// Columns turn to the leading directions: of a gradient that parts have in common, with
    /// noise of their own, several parts give more than as many random columns would.
    @Test
    void severalPartsFindTheCommonDirections() {
        var random = new Random(11);
        int side = 40;
        Matrix common =
                RandomMatrices.gaussian(side, 3, random)
                        .timesTransposed(RandomMatrices.gaussian(side, 3, random));
        SymmetricEigen same = SymmetricEigen.of(Matrix.identity(side));
        TrackedGradient tracked = tracked(side, side, 4, random);
        TrackedGradient still = tracked(side, side, 4, random);
        Matrix sum = Matrix.zero(side, side);
        for (int part = 0; part < 4; part++) {
            Matrix G = common.plus(RandomMatrices.gaussian(side, side, random).scaled(0.5));
            add(tracked, G);
            add(still, G);
            tracked.turn(same, same);
            sum = sum.plus(G);
        }
        double error = product(tracked).minus(sum).frobenius();
        assertThat(error).isLessThan(0.5 * product(still).minus(sum).frobenius());
    }

    /// Where nothing has been seen, the columns stay as they were drawn.
    @Test
    void ofZeroThereIsNothing() {
        var random = new Random(2);
        TrackedGradient tracked = tracked(9, 7, 2, random);
        Matrix drawn = tracked.Psi();
        add(tracked, Matrix.zero(7, 9));
        tracked.turn(factor(9, random), factor(7, random));
        assertThat(tracked.Psi()).isEqualTo(drawn);
        Matrix G =
                RandomMatrices.gaussian(7, 1, random)
                        .timesTransposed(RandomMatrices.gaussian(9, 1, random));
        add(tracked, G);
        assertClose("G", product(tracked), G, 1e-8);
    }
}
