package cglora.models.graph;

import cglora.kernels.check.Float64;
import java.util.function.UnaryOperator;

/// Central differences of functions in float64.
public final class FiniteDifference {
    /// Its square, the error of the formula, and 2⁻⁵³ over it, that of rounding, are both near
    /// 1e-10: far below what float32 can show.
    private static final double STEP = 1e-5;

    private FiniteDifference() {}

    /// The derivative of each element of `f` at `x` along `direction`.
    public static double[] along(UnaryOperator<double[]> f, double[] x, double[] direction) {
        double[] up = f.apply(Float64.add(STEP, direction, x));
        double[] down = f.apply(Float64.add(-STEP, direction, x));
        return Float64.vector(up.length, i -> (up[i] - down[i]) / (2 * STEP));
    }

    /// The direction of one coordinate.
    public static double[] coordinate(int length, int i) {
        double[] direction = new double[length];
        direction[i] = 1;
        return direction;
    }
}
