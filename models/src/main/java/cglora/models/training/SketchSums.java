package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.ThinKfac;
import cglora.models.curvature.TrackedGradient;
import cglora.models.linalg.Matrix;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The sums of a sketched calibration, in float32 on the engine until a layer is taken. An
/// engine's memory comes back when the last layer of a layout has gone.
final class SketchSums implements StatisticsSource {
    /// Sums over the tokens of one layer; layers with the same input share `AOmega`.
    ///
    /// @param AOmega   `Σ x xᵀΩ` [in, k]
    /// @param SPsi     `Σ dy dyᵀΨ` [out, l]
    /// @param G        `Σ dy xᵀ` [out, in]; null in the thin form
    /// @param thin     the gradient in thin factors; null where there is `G`
    /// @param squaresX `Σ ‖x‖²`
    /// @param squaresY `Σ ‖dy‖²`
    /// @param rows     that `A` is a mean over
    /// @param Omega    [in, k]
    /// @param Psi      [out, l]
    record Sums(
            LinearModule module,
            Layout layout,
            Buffer AOmega,
            Buffer SPsi,
            Buffer G,
            TrackedGradient thin,
            double squaresX,
            double squaresY,
            long rows,
            float[] Omega,
            float[] Psi) {
        Stream<Buffer> buffers() {
            return Stream.of(AOmega, SPsi, G).filter(Objects::nonNull);
        }
    }

    private final Function<Buffer, float[]> reading;
    private final Consumer<Layout> release;
    private final Map<String, Sums> left;
    private final long terms;

    /// @param terms that all but `A` are a mean over
    SketchSums(Engine engine, Map<String, Sums> sums, long terms) {
        this(Turns.reading(engine), Turns.releasing(engine), sums, terms);
    }

    private SketchSums(
            Function<Buffer, float[]> reading,
            Consumer<Layout> release,
            Map<String, Sums> sums,
            long terms) {
        this.reading = reading;
        this.release = release;
        this.left = new LinkedHashMap<>(sums);
        this.terms = terms;
    }

    @Override
    public synchronized Set<String> modules() {
        return Set.copyOf(left.keySet());
    }

    @Override
    public boolean isImplicit() {
        return false;
    }

    @Override
    public synchronized LayerStatistics take(String name) {
        Sums s = StatisticsSource.taken(name, left.remove(name));
        int in = s.module().in();
        int out = s.module().out();
        int k = s.Omega().length / in;
        int l = s.Psi().length / out;
        Matrix AOmega = mean(s.AOmega(), in, k, s.rows());
        Matrix SPsi = mean(s.SPsi(), out, l, terms);
        double traceA = s.squaresX() / s.rows();
        double traceS = s.squaresY() / terms;
        Matrix Omega = Matrix.of(in, k, s.Omega());
        Matrix Psi = Matrix.of(out, l, s.Psi());
        CurvatureStatistics sketched =
                s.G() == null
                        ? new ThinKfac(
                                AOmega,
                                SPsi,
                                s.thin().left(),
                                s.thin().right(),
                                traceA,
                                traceS,
                                Omega,
                                Psi)
                        : new SketchedKfac(
                                AOmega,
                                SPsi,
                                mean(s.G(), out, in, terms),
                                traceA,
                                traceS,
                                Omega,
                                Psi);
        if (left.values().stream().noneMatch(other -> other.layout() == s.layout())) {
            release.accept(s.layout());
        }
        return LayerStatistics.of(name, sketched);
    }

    @Override
    public synchronized Supplier<StatisticsSource> keep() {
        var values = new IdentityHashMap<Buffer, float[]>();
        for (Sums s : left.values()) {
            s.buffers().forEach(buffer -> values.computeIfAbsent(buffer, reading));
        }
        var kept = new LinkedHashMap<>(left);
        return () -> new SketchSums(values::get, _ -> {}, kept, terms);
    }

    private Matrix mean(Buffer sum, int rows, int columns, double count) {
        return Matrix.ofQuotient(rows, columns, reading.apply(sum), count);
    }
}
