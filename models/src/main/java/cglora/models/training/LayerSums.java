package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.FactoredKfac;
import cglora.models.data.TokenStream;
import cglora.models.linalg.Matrix;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
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
    /// Sums of layers are laid out together up to this size, in bytes: few arrays, and memory that
    /// comes back piece by piece.
    static final long PIECE = 32 << 20;

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

    /// One buffer a sum of those that are asked for; nothing is allocated.
    static Map<String, Sums> layout(
            Engine engine, Set<Need> needs, List<LinearModule> modules, LayerInputs inputs) {
        var sharing = new LinkedHashMap<String, List<LinearModule>>();
        for (LinearModule module : modules) {
            sharing.computeIfAbsent(inputs.first(module), _ -> new ArrayList<>()).add(module);
        }
        var sums = new LinkedHashMap<String, Sums>();
        Layout layout = engine.layout();
        for (List<LinearModule> group : sharing.values()) {
            if (layout.bytes() >= PIECE) {
                layout = engine.layout();
            }
            long in = group.getFirst().in();
            Buffer A =
                    needs.contains(Need.INPUT_FACTOR)
                            ? sum(layout, group.getFirst(), ".A", in * in)
                            : null;
            for (LinearModule module : group) {
                long out = module.out();
                sums.put(
                        module.name(),
                        new Sums(
                                module,
                                layout,
                                A,
                                needs.contains(Need.OUTPUT_FACTOR)
                                        ? sum(layout, module, ".S", out * out)
                                        : null,
                                needs.contains(Need.GRADIENT)
                                        ? sum(layout, module, ".G", out * in)
                                        : null,
                                inputs.stream(module)));
            }
        }
        return sums;
    }

    private static Buffer sum(Layout layout, LinearModule module, String what, long size) {
        return layout.allocate(Region.STATE, module.name() + what, size);
    }

    /// Allocates the sums, all zero.
    ///
    /// @param counts what `A` is a mean over, and the others
    LayerSums(Engine engine, Map<String, Sums> sums, SampleCounts counts) {
        this(Turns.reading(engine), Turns.releasing(engine), sums, counts);
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
