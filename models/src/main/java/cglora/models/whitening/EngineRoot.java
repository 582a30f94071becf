package cglora.models.whitening;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Region;
import cglora.kernels.reduction.ReductionKernels;
import cglora.models.graph.Graph;
import cglora.models.graph.Matmul;
import cglora.models.graph.NewtonSchulzFactor;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import cglora.models.linalg.Matrix;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Inverse square and fourth roots of damped symmetric factors of one size, by matrix products of
/// an engine in float32.
///
/// With `Â = F + λ I` and `c ≥ ‖Â‖`, `Y = Â/c`, `Z = I` and then `T = c₀ I + c₁ Z Y`, `Y ← Y T`,
/// `Z ← T Z`, `Y` goes to `(Â/c)^½` and `Z` to `(Â/c)^-½` (the coupled Newton–Schulz iteration,
/// which is stable; Higham, Functions of Matrices, 2008, section 6.7). The eigenvalues of `Z Y`
/// lie between `l²`, known from `λ/c`, and 1, so that the step can be scaled by `ρ = √(3 / (1 +
/// l + l²))`: `c₀ = 3ρ/2`, `c₁ = −ρ³/2`, after which `l` is `ρ l (3 − ρ² l²) / 2` (Chen and
/// Chow, A stable scaling of Newton–Schulz, 2014). So the number of steps is known before the
/// first. A fourth root is the square root of `Y`.
final class EngineRoot {
    /// Steps end where `1 − l²` is below this: by quadratic convergence far below it.
    private static final double ENOUGH = 1e-4;

    /// The largest residual that is taken for a root.
    static final double LARGEST_RESIDUAL = 1e-3;

    /// The least share of the damping in the bound of the largest eigenvalue: below, the smallest
    /// eigenvalues are rounding of float32.
    static final double LEAST_SHARE = 1e-6;

    /// Random columns that the residual is taken on.
    private static final int PROBES = 16;

    private static final double HALF = 0.5;
    private static final double QUARTER = 0.25;

    private final Engine engine;
    private final int size;
    private final Layout layout;
    private final Buffer a;
    private final Buffer y;
    private final Buffer z;
    private Step first;
    private Step next;
    private Check check;
    private LoadedProgram again;

    private record Step(LoadedProgram program, Buffer coefficients) {
        void run(double constant, double slope) {
            program.write(coefficients, new float[] {(float) constant, (float) slope});
            program.run();
        }
    }

    private record Check(LoadedProgram program, Buffer omega, Buffer product) {}

    /// @param scale    `c`: the root is `c^-p Z`
    /// @param residual the largest `‖Z Y Z Ω − Ω‖ / ‖Ω‖`, `Y` what `Z` is the inverse root of
    /// @param products [size, size] by [size, size]
    record Made(double scale, double residual, int products) {}

    EngineRoot(Engine engine, int size) {
        this.engine = engine;
        this.layout = engine.layout();
        this.size = size;
        long elements = (long) size * size;
        this.a = layout.allocate(Region.STATE, "factor", elements);
        this.y = layout.allocate(Region.STATE, "root", elements);
        this.z = layout.allocate(Region.STATE, "inverse root", elements);
        engine.allocate(layout);
    }

    /// Where `(Â/c)^-p` is after [#compute], [size, size].
    Buffer result() {
        return z;
    }

    static boolean isPossible(double exponent) {
        return exponent == HALF || exponent == QUARTER;
    }

    /// @param F        [size, size] symmetric, no eigenvalue below zero but for rounding
    /// @param exponent ½ or ¼
    /// @throws UnservedException where float32 does not reach the root
    Made compute(Matrix F, double damping, double exponent) throws UnservedException {
        double bound = Math.min(F.frobenius(), largestRowSum(F)) + damping;
        double share = damping / bound;
        if (!(share >= LEAST_SHARE)) {
            throw new UnservedException(
                    "the damping is less than %.0e of the largest eigenvalue, which float32 does not"
                                    .formatted(LEAST_SHARE)
                            + " invert");
        }
        engine.fill(a, (target, offset) -> fill(F, damping, bound, target, offset));
        int products = iterate(Math.sqrt(share));
        double residual = residual();
        if (exponent == QUARTER) {
            again().run();
            products += iterate(Math.pow(share, QUARTER));
            residual = Math.max(residual, residual());
        }
        return new Made(bound, residual, products);
    }

    private void fill(Matrix F, double damping, double bound, float[] target, int offset) {
        double[] values = F.values();
        for (int i = 0; i < size; i++) {
            int row = i * size;
            for (int j = 0; j < size; j++) {
                double added = i == j ? damping : 0;
                target[offset + row + j] = (float) ((values[row + j] + added) / bound);
            }
        }
    }

    /// `‖F‖_∞`, which no eigenvalue exceeds.
    private static double largestRowSum(Matrix F) {
        double largest = 0;
        for (int i = 0; i < F.rows(); i++) {
            double sum = 0;
            for (int j = 0; j < F.columns(); j++) {
                sum += Math.abs(F.get(i, j));
            }
            largest = Math.max(largest, sum);
        }
        return largest;
    }

    /// @param least `l`, the root of the smallest eigenvalue of `a`
    /// @return products
    private int iterate(double least) {
        double l = least;
        int steps = 0;
        do {
            double square = 3 / (1 + l + l * l);
            double rho = Math.sqrt(square);
            Step step = steps == 0 ? first() : next();
            step.run(1.5 * rho, -0.5 * rho * square);
            l = 0.5 * rho * l * (3 - square * l * l);
            steps++;
        } while (1 - l * l > ENOUGH);
        return 3 * steps - 2;
    }

    /// @throws UnservedException where it is too large
    private double residual() throws UnservedException {
        Check c = check();
        float[] omega = new float[size * PROBES];
        var random = new SplittableRandom(size);
        for (int i = 0; i < omega.length; i++) {
            omega[i] = random.nextBoolean() ? 1f : -1f;
        }
        c.program().write(c.omega(), omega);
        c.program().run();
        float[] product = c.program().read(c.product());
        double squares = 0;
        for (int i = 0; i < omega.length; i++) {
            double error = product[i] - omega[i];
            squares += error * error;
        }
        double residual = Math.sqrt(squares / omega.length);
        if (!(residual <= LARGEST_RESIDUAL)) {
            throw new UnservedException(
                    "an inverse root in float32 has a residual of %.1e, at most %.0e is taken"
                            .formatted(residual, LARGEST_RESIDUAL));
        }
        return residual;
    }

    private Tensor tensor(Graph graph, Buffer buffer) {
        return graph.persistent(buffer.name(), Shape.of(size, size), buffer);
    }

    /// `Z = T`, `Y = A T` with `T = c₀ I + c₁ A`.
    private Step first() {
        if (first == null) {
            var graph = new Graph("first root step " + size);
            Tensor coefficients = graph.input("coefficients", DataType.FLOAT32, Shape.of(2));
            Tensor A = tensor(graph, a);
            Tensor T = graph.apply(new NewtonSchulzFactor(A, coefficients));
            graph.store(T, z);
            graph.store(graph.apply(Matmul.of(Matmul.Form.NN, A, T)), y);
            first = new Step(engine.load(graph.compile(List.of())), coefficients.buffer());
        }
        return first;
    }

    private Step next() {
        if (next == null) {
            var graph = new Graph("root step " + size);
            Tensor coefficients = graph.input("coefficients", DataType.FLOAT32, Shape.of(2));
            Tensor Y = tensor(graph, y);
            Tensor Z = tensor(graph, z);
            Tensor product = graph.apply(Matmul.of(Matmul.Form.NN, Z, Y));
            Tensor T = graph.apply(new NewtonSchulzFactor(product, coefficients));
            Tensor newY = graph.apply(Matmul.of(Matmul.Form.NN, Y, T));
            Tensor newZ = graph.apply(Matmul.of(Matmul.Form.NN, T, Z));
            List<Launch> copies = List.of(copy(newY.buffer(), y), copy(newZ.buffer(), z));
            next = new Step(engine.load(graph.compile(List.of(), copies)), coefficients.buffer());
        }
        return next;
    }

    private Check check() {
        if (check == null) {
            var graph = new Graph("root check " + size);
            Tensor omega = graph.input("omega", DataType.FLOAT32, Shape.of(size, PROBES));
            Tensor Z = tensor(graph, z);
            Tensor root = graph.apply(Matmul.of(Matmul.Form.NN, Z, omega));
            Tensor back = graph.apply(Matmul.of(Matmul.Form.NN, tensor(graph, a), root));
            Tensor product = graph.apply(Matmul.of(Matmul.Form.NN, Z, back));
            check =
                    new Check(
                            engine.load(graph.compile(List.of(product))),
                            omega.buffer(),
                            product.buffer());
        }
        return check;
    }

    /// `A ← Y`.
    private LoadedProgram again() {
        if (again == null) {
            again =
                    engine.load(
                            Planner.plan("root of root", List.of(copy(y, a)), Set.of(), Set.of()));
        }
        return again;
    }

    static Launch copy(Buffer from, Buffer to) {
        return Launch.of(ReductionKernels.COPY_INTO, to.length(), from, to);
    }

    /// Makes all programs, for their memory.
    void plan() {
        first();
        next();
        check();
    }

    void release() {
        engine.release(layout);
    }
}
