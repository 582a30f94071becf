package cglora.models.training;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.SymmetricEigen;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LbfgsTest {
    @Test
    void aQuadraticIsMinimisedAtItsClosedForm() {
        var random = new Random(1);
        Matrix X = RandomMatrices.fading(60, 20, 0.2, random);
        Matrix H = X.transposeTimes(X);
        Matrix b = RandomMatrices.gaussian(20, 1, random);
        Lbfgs.Result result =
                Lbfgs.minimize(
                        (x, gradient) -> {
                            Matrix point = new Matrix(20, 1, x.clone());
                            Matrix slope = H.times(point);
                            double value = point.dot(slope) / 2 - b.dot(point);
                            System.arraycopy(slope.minus(b).values(), 0, gradient, 0, 20);
                            return value;
                        },
                        new double[20],
                        200,
                        1e-10);
        assertClose("x", result.x(), SymmetricEigen.of(H).applyPower(0, -1, b).values(), 1e-8);
        assertThat(result.iterations()).isLessThan(150);
    }

    @Test
    void rosenbrocksValleyIsFollowedToItsEnd() {
        Lbfgs.Result result =
                Lbfgs.minimize(
                        (x, gradient) -> {
                            double a = 1 - x[0];
                            double b = x[1] - x[0] * x[0];
                            gradient[0] = -2 * a - 400 * x[0] * b;
                            gradient[1] = 200 * b;
                            return a * a + 100 * b * b;
                        },
                        new double[] {-1.2, 1},
                        200,
                        1e-9);
        assertClose("x", result.x(), new double[] {1, 1}, 1e-8);
    }

    @Test
    void theNumberOfIterationsIsBounded() {
        double[] start = {-1.2};
        Lbfgs.Result result =
                Lbfgs.minimize(
                        (x, gradient) -> {
                            gradient[0] = Math.exp(x[0]);
                            return Math.exp(x[0]);
                        },
                        start,
                        5,
                        0);
        assertThat(result.iterations()).isEqualTo(5);
        assertThat(start[0]).isEqualTo(-1.2);
    }
}
