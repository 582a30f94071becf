package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.SketchedKfac;
import cglora.models.linalg.Matrix;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
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
    /// @param SPsi     `Σ dy dyᵀΨ` [out, k]
    /// @param G        `Σ dy xᵀ` [out, in]
    /// @param squaresX `Σ ‖x‖²`
    /// @param squaresY `Σ ‖dy‖²`
    /// @param rows     that `A` is a mean over
    /// @param Omega    [in, k]
    /// @param Psi      [out, k]
    record Sums(
            LinearModule module,
            Layout layout,
            Buffer AOmega,
            Buffer SPsi,
            Buffer G,
            double squaresX,
            double squaresY,
            long rows,
            float[] Omega,
            float[] Psi) {}

    private final Function<Buffer, float[]> reading;
    private final Consumer<Layout> release;
    private final Map<String, Sums> left;
    private final long terms;

    /// @param terms that all but `A` are a mean over
    SketchSums(Engine engine, Map<String, Sums> sums, long terms) {
        this(engine::read, engine::release, sums, terms);
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
        var sketched =
                new SketchedKfac(
                        Matrix.ofQuotient(in, k, reading.apply(s.AOmega()), s.rows()),
                        Matrix.ofQuotient(out, k, reading.apply(s.SPsi()), terms),
                        Matrix.ofQuotient(out, in, reading.apply(s.G()), terms),
                        s.squaresX() / s.rows(),
                        s.squaresY() / terms,
                        Matrix.of(in, k, s.Omega()),
                        Matrix.of(out, k, s.Psi()));
        if (left.values().stream().noneMatch(other -> other.layout() == s.layout())) {
            release.accept(s.layout());
        }
        return LayerStatistics.of(name, sketched);
    }

    @Override
    public synchronized Supplier<StatisticsSource> keep() {
        var values = new IdentityHashMap<Buffer, float[]>();
        for (Sums s : left.values()) {
            Stream.of(s.AOmega(), s.SPsi(), s.G())
                    .forEach(buffer -> values.computeIfAbsent(buffer, reading));
        }
        var kept = new LinkedHashMap<>(left);
        return () -> new SketchSums(values::get, _ -> {}, kept, terms);
    }
}
