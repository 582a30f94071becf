package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.FactoredKfac;
import cglora.models.data.TokenStream;
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

/// The sums of a calibration, in float32 on the engine until a layer is taken. An engine's memory
/// comes back when the last layer of a layout has gone.
final class LayerSums implements StatisticsSource {
    /// Persistent sums of one layer; layers with the same input share `A`.
    ///
    /// @param A `Σ xᵀx` [in, in]; null where it is not asked for, as the others
    /// @param S `Σ dyᵀdy` [out, out]
    /// @param G `Σ dyᵀx` [out, in]
    /// @param stream whose tokens the sums are over
    record Sums(
            LinearModule module, Layout layout, Buffer A, Buffer S, Buffer G, TokenStream stream) {}

    private final Function<Buffer, float[]> reading;
    private final Consumer<Layout> release;
    private final Map<String, Sums> left;
    private final SampleCounts counts;

    /// Allocates the sums, all zero.
    ///
    /// @param counts what `A` is a mean over, and the others
    LayerSums(Engine engine, Map<String, Sums> sums, SampleCounts counts) {
        this(engine::read, engine::release, sums, counts);
        sums.values().stream().map(Sums::layout).distinct().forEach(engine::allocate);
    }

    private LayerSums(
            Function<Buffer, float[]> reading,
            Consumer<Layout> release,
            Map<String, Sums> sums,
            SampleCounts counts) {
        this.reading = reading;
        this.release = release;
        this.left = new LinkedHashMap<>(sums);
        this.counts = counts;
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
        Sums sums = StatisticsSource.taken(name, left.remove(name));
        int in = sums.module().in();
        int out = sums.module().out();
        Matrix A = mean(sums.A(), in, in, counts.of(sums.stream()));
        Matrix S = mean(sums.S(), out, out, counts.terms());
        Matrix G = mean(sums.G(), out, in, counts.terms());
        if (left.values().stream().noneMatch(other -> other.layout() == sums.layout())) {
            release.accept(sums.layout());
        }
        return S == null
                ? LayerStatistics.of(name, G, A)
                : LayerStatistics.of(name, FactoredKfac.givenUp(A, S, G));
    }

    @Override
    public synchronized Supplier<StatisticsSource> keep() {
        var values = new IdentityHashMap<Buffer, float[]>();
        for (Sums sums : left.values()) {
            Stream.of(sums.A(), sums.S(), sums.G())
                    .filter(Objects::nonNull)
                    .forEach(buffer -> values.computeIfAbsent(buffer, reading));
        }
        var kept = new LinkedHashMap<>(left);
        return () -> new LayerSums(values::get, _ -> {}, kept, counts);
    }

    private Matrix mean(Buffer sum, int rows, int columns, double count) {
        return sum == null ? null : Matrix.ofQuotient(rows, columns, reading.apply(sum), count);
    }
}
