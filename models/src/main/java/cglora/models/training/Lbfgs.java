package cglora.models.training;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/// Minimises a smooth function by limited-memory BFGS (Nocedal and Wright, *Numerical
/// Optimization*, algorithm 7.4) with a line search by bisection and expansion that meets the
/// weak Wolfe conditions (Lewis and Overton 2013).
final class Lbfgs {
    /// A function and its gradient.
    interface Objective {
        /// @param x        [n]
        /// @param gradient [n], overwritten
        /// @return the value
        double evaluate(double[] x, double[] gradient);
    }

    /// @param x          where it stopped, [n]
    /// @param value      of the objective there
    /// @param iterations that were made
    record Result(double[] x, double value, int iterations) {}

    private record Pair(double[] step, double[] change, double rho) {}

    private static final int HISTORY = 10;

    /// Vectors as long as the parameters that are held at the same time, at most.
    static final int VECTORS = 2 * HISTORY + 10;

    private static final int LINE_SEARCH_STEPS = 40;
    private static final double ARMIJO = 1e-4;
    private static final double WOLFE = 0.9;

    /// Near the minimum the values agree to rounding; there the slopes decide (the approximate
    /// Wolfe conditions of Hager and Zhang 2005).
    private static final double ROUNDING = 1e-14;

    private Lbfgs() {}

    /// @param start     [n], left as it is
    /// @param tolerance ends when no entry of the gradient is larger in magnitude
    static Result minimize(
            Objective objective, double[] start, int maxIterations, double tolerance) {
        double[] x = start.clone();
        double[] gradient = new double[x.length];
        double value = objective.evaluate(x, gradient);
        Deque<Pair> pairs = new ArrayDeque<>();
        int iteration = 0;
        while (iteration < maxIterations && largest(gradient) > tolerance) {
            double[] direction = direction(gradient, pairs);
            double slope = dot(direction, gradient);
            if (!(slope < 0)) {
                // rounding has spoilt the history: start again from steepest descent
                if (pairs.isEmpty()) {
                    break;
                }
                pairs.clear();
                continue;
            }
            double first = pairs.isEmpty() ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
            double low = 0;
            double high = Double.POSITIVE_INFINITY;
            double length = first;
            double[] next = new double[x.length];
            double[] nextGradient = new double[x.length];
            double nextValue = Double.NaN;
            boolean descended = false;
            for (int trial = 0; trial < LINE_SEARCH_STEPS; trial++) {
                for (int i = 0; i < x.length; i++) {
                    next[i] = x[i] + length * direction[i];
                }
                nextValue = objective.evaluate(next, nextGradient);
                double nextSlope = dot(direction, nextGradient);
                descended =
                        nextValue <= value + ARMIJO * length * slope
                                || nextValue <= value + ROUNDING * Math.abs(value)
                                        && nextSlope <= (2 * ARMIJO - 1) * slope;
                if (!descended) {
                    high = length;
                } else if (nextSlope < WOLFE * slope) {
                    low = length;
                } else {
                    break;
                }
                length = Double.isInfinite(high) ? 2 * length : (low + high) / 2;
            }
            if (!descended) {
                // no lower value along a descent direction: converged to rounding
                break;
            }
            remember(pairs, x, next, gradient, nextGradient);
            x = next;
            gradient = nextGradient;
            value = nextValue;
            iteration++;
        }
        return new Result(x, value, iteration);
    }

    /// `−H ∇f` by the two-loop recursion.
    private static double[] direction(double[] gradient, Deque<Pair> pairs) {
        double[] q = gradient.clone();
        double[] alphas = new double[pairs.size()];
        int index = 0;
        for (Pair pair : pairs) { // newest first
            alphas[index] = pair.rho * dot(pair.step, q);
            add(q, -alphas[index], pair.change);
            index++;
        }
        Pair newest = pairs.peekFirst();
        double scale = newest == null ? 1 : 1 / (newest.rho * dot(newest.change, newest.change));
        for (int i = 0; i < q.length; i++) {
            q[i] *= scale;
        }
        for (Iterator<Pair> oldest = pairs.descendingIterator(); oldest.hasNext(); ) {
            Pair pair = oldest.next();
            index--;
            add(q, alphas[index] - pair.rho * dot(pair.change, q), pair.step);
        }
        for (int i = 0; i < q.length; i++) {
            q[i] = -q[i];
        }
        return q;
    }

    private static void remember(
            Deque<Pair> pairs,
            double[] x,
            double[] next,
            double[] gradient,
            double[] nextGradient) {
        double[] step = next.clone();
        add(step, -1, x);
        double[] change = nextGradient.clone();
        add(change, -1, gradient);
        double product = dot(step, change);
        if (product > 1e-14 * dot(change, change)) {
            pairs.addFirst(new Pair(step, change, 1 / product));
            if (pairs.size() > HISTORY) {
                pairs.removeLast();
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void add(double[] target, double factor, double[] values) {
        for (int i = 0; i < target.length; i++) {
            target[i] += factor * values[i];
        }
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }
}
