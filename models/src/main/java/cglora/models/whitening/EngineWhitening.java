package cglora.models.whitening;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LargeArrays;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.Damping;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.ThinKfac;
import cglora.models.curvature.WhitenedGradient;
import cglora.models.curvature.WhitenedStart;
import cglora.models.curvature.WhiteningArithmetic;
import cglora.models.curvature.WhiteningReport;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The whitening of factored statistics by matrix products of an engine, in float32: inverse
/// roots ([EngineRoot]), the whitened gradient and the products of a randomised block Krylov
/// space ([EngineGradient]). Of them only blocks of `rank + 8` columns come to the host, which
/// makes them orthonormal and finds the best triplets in float64, and the roots where training
/// wants them.
///
/// `A`, `S` and `G` of one layer go up at a time. Programs and memory are kept for each shape until
/// [#close]; layers with the same inputs, one after the other, share a root.
///
/// A layer that products do not serve goes to the host: exponents other than 0, ¼ and ½; damping or
/// roots beyond float32; roots of leading eigenvectors, or of exponents that are neither 0 nor the
/// step's; kept tokens. The report names it with the reason. Of sketched statistics, whose roots
/// are thin, only the products of the gradient are large, and the engine's; of thin ones, nothing.
public final class EngineWhitening implements WhiteningArithmetic {
    /// Singular values below this share of the first are rounding of float32.
    private static final double NEGLIGIBLE = 0x1p-20;

    private final Engine engine;
    private final Map<Integer, EngineRoot> roots = new HashMap<>();
    private final Map<EngineGradient.Kind, EngineGradient> gradients = new HashMap<>();
    private final Tally tally = new Tally();
    private Input input;

    /// The input root that is there from the layer before.
    private record Input(
            EngineGradient.Kind kind, Matrix A, double damping, double exponent, double scale) {
        boolean is(EngineGradient.Kind other, Matrix factor, double lambda, double p) {
            return kind.equals(other)
                    && damping == lambda
                    && exponent == p
                    && Arrays.equals(A.values(), factor.values());
        }
    }

    /// A layer on the engine.
    ///
    /// @param inputScale  that `R_a` is multiplied with
    /// @param outputScale that `R_s` is multiplied with
    private record Served(
            EngineGradient on, WhitenedGradient gradient, double inputScale, double outputScale) {}

    public EngineWhitening(Engine engine) {
        this.engine = engine;
    }

    @Override
    public WhitenedGradient gradient(Step step) {
        try {
            return switch (step.statistics()) {
                case SketchedKfac sketch -> serve(sketch, step);
                case ThinKfac _ -> serveThin(step);
                default -> serve(step).gradient();
            };
        } catch (UnservedException e) {
            tally.leave(step.module(), e);
            return HOST.gradient(step);
        }
    }

    @Override
    public Optional<WhitenedStart> start(Step step, Coordinates c) {
        try {
            if (step.statistics() instanceof SketchedKfac sketch) {
                return start(serve(sketch, step), step, c);
            }
            if (step.statistics() instanceof ThinKfac) {
                return start(serveThin(step), step, c);
            }
            if (c.rank() > 0) {
                throw new UnservedException("roots of leading eigenvectors need eigenvectors");
            }
            requireOwn(step.pA(), c.pA());
            requireOwn(step.pS(), c.pS());
            return start(serve(step), step, c);
        } catch (UnservedException e) {
            tally.leave(step.module(), e);
            return HOST.start(step, c);
        }
    }

    /// The products of `G`; the roots of sketched factors are thin.
    private WhitenedGradient serve(SketchedKfac sketch, Step step) {
        int columns = TruncatedSvd.sketchColumns(step.rank());
        EngineGradient on =
                on(new EngineGradient.Kind(sketch.in(), sketch.out(), columns, false, false));
        double largest = largest(sketch.G());
        on.whiten(sketch.G(), largest);
        tally.served();
        return sketch.whitenedGradientSvd(
                step.damping(), step.pA(), step.pS(), step.rank(), step.seed(), on.times(largest));
    }

    /// Nothing is large: what the engine has to do was done when the sketches were gathered.
    private WhitenedGradient serveThin(Step step) {
        tally.served();
        return HOST.gradient(step);
    }

    private static Optional<WhitenedStart> start(
            WhitenedGradient gradient, Step step, Coordinates c) {
        return gradient.isZero()
                ? Optional.empty()
                : Optional.of(
                        WhitenedStart.of(
                                gradient,
                                step.pA(),
                                step.pS(),
                                step.statistics().roots(step.damping(), c.pA(), c.pS()),
                                c.rank(),
                                c.scaling(),
                                c.eta()));
    }

    private EngineGradient on(EngineGradient.Kind kind) {
        return gradients.computeIfAbsent(kind, k -> new EngineGradient(engine, k));
    }

    /// What brings the gradient into the range of float32; its products stay there.
    private static double largest(Matrix G) {
        return G.isZero() ? 1 : G.maxAbsolute();
    }

    private static void requireOwn(double step, double coordinates) throws UnservedException {
        if (coordinates != 0 && coordinates != step) {
            throw new UnservedException(
                    "coordinates of exponent %s for a step of exponent %s need eigenvectors"
                            .formatted(coordinates, step));
        }
    }

    private Served serve(Step step) throws UnservedException {
        CurvatureStatistics statistics = step.statistics();
        if (!(statistics instanceof FactoredKfac factors)) {
            throw new UnservedException("tokens are no factors to take roots of");
        }
        requirePossible(step.pA());
        requirePossible(step.pS());
        int in = factors.in();
        int out = factors.out();
        Damping.Split damping = step.damping().split(factors.traceA(), in, factors.traceS(), out);
        var kind =
                new EngineGradient.Kind(
                        in,
                        out,
                        TruncatedSvd.sketchColumns(step.rank()),
                        step.pA() > 0,
                        step.pS() > 0);
        EngineGradient on = on(kind);
        double inputScale = 1;
        if (step.pA() > 0) {
            inputScale = takeInput(on, kind, factors.A(), damping.lambdaA(), step.pA());
        }
        double outputScale = 1;
        if (step.pS() > 0) {
            EngineRoot root = root(out);
            outputScale = compute(root, factors.S(), damping.lambdaS(), step.pS());
            on.takeOutputRoot(root);
        }
        double largest = largest(factors.G());
        on.whiten(factors.G(), largest);
        TruncatedSvd svd =
                meaningful(
                        TruncatedSvd.krylov(on, step.rank(), step.seed()),
                        largest * inputScale * outputScale);
        tally.served();
        return new Served(
                on,
                new WhitenedGradient(
                        svd,
                        on.byOutputRoot(svd.U()).scaled(outputScale),
                        on.byInputRoot(svd.V()).scaled(inputScale),
                        damping),
                inputScale,
                outputScale);
    }

    private static void requirePossible(double exponent) throws UnservedException {
        if (exponent != 0 && !EngineRoot.isPossible(exponent)) {
            throw new UnservedException(
                    "exponent %s: products make inverse square and fourth roots"
                            .formatted(exponent));
        }
    }

    private double takeInput(
            EngineGradient on, EngineGradient.Kind kind, Matrix A, double damping, double exponent)
            throws UnservedException {
        if (input == null || !input.is(kind, A, damping, exponent)) {
            input = null;
            EngineRoot root = root(kind.in());
            double scale = compute(root, A, damping, exponent);
            on.takeInputRoot(root);
            input = new Input(kind, A, damping, exponent, scale);
        }
        return input.scale();
    }

    private EngineRoot root(int size) {
        return roots.computeIfAbsent(size, n -> new EngineRoot(engine, n));
    }

    /// @return what the root that the engine holds is multiplied with
    private double compute(EngineRoot root, Matrix F, double damping, double exponent)
            throws UnservedException {
        EngineRoot.Made one = root.compute(F, damping, exponent);
        tally.add(one);
        return Math.pow(one.scale(), -exponent);
    }

    /// With zeros for what is rounding.
    private static TruncatedSvd meaningful(TruncatedSvd svd, double scale) {
        double[] values = svd.singularValues().clone();
        double[] kept = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            kept[i] = values[i] > NEGLIGIBLE * values[0] ? 1 : 0;
            values[i] *= kept[i] * scale;
        }
        return new TruncatedSvd(svd.U().scaledColumns(kept), values, svd.V().scaledColumns(kept));
    }

    private Optional<WhitenedStart> start(Served served, Step step, Coordinates c) {
        WhitenedGradient gradient = served.gradient();
        if (gradient.isZero()) {
            return Optional.empty();
        }
        int in = step.statistics().in();
        int out = step.statistics().out();
        float[] input = c.pA() > 0 ? served.on().inputRoot() : identity(in);
        float[] output = c.pS() > 0 ? served.on().outputRoot() : identity(out);
        double inputMean = divideByMean(input, in);
        double outputMean = divideByMean(output, out);
        // the root's inverse undoes what the step's exponent did, where both are the same
        Matrix columns =
                c.pS() > 0
                        ? gradient.svd().U().scaled(outputMean * served.outputScale())
                        : gradient.output();
        Matrix rows =
                c.pA() > 0
                        ? gradient.svd().V().scaled(inputMean * served.inputScale())
                        : gradient.input();
        return Optional.of(
                WhitenedStart.of(
                        gradient,
                        new WhitenedStart.Root(1, input),
                        new WhitenedStart.Root(1, output),
                        columns,
                        rows,
                        c.scaling(),
                        c.eta()));
    }

    private static float[] identity(int size) {
        float[] values = LargeArrays.floats(size * size);
        for (int i = 0; i < size; i++) {
            values[i * size + i] = 1;
        }
        return values;
    }

    /// @return the mean of the diagonal, by which the matrix is divided
    private static double divideByMean(float[] values, int size) {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += values[i * size + i];
        }
        double mean = sum / size;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] / mean);
        }
        return mean;
    }

    @Override
    public boolean isConcurrent() {
        return false;
    }

    @Override
    public WhiteningReport report() {
        return tally.report();
    }

    /// Takes the memory of layers of a shape, as a plan on a
    /// [NullEngine][cglora.kernels.engine.NullEngine] counts it.
    public void plan(int in, int out, int rank, double pA, double pS) {
        var kind =
                new EngineGradient.Kind(in, out, TruncatedSvd.sketchColumns(rank), pA > 0, pS > 0);
        on(kind).plan();
        if (pA > 0) {
            root(in).plan();
        }
        if (pS > 0) {
            root(out).plan();
        }
    }

    @Override
    public void close() {
        roots.values().forEach(EngineRoot::release);
        gradients.values().forEach(EngineGradient::release);
        roots.clear();
        gradients.clear();
        input = null;
        engine.trim();
    }
}
