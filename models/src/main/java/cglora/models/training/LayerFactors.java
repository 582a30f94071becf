package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.models.linalg.Matrix;
import java.util.Map;
import java.util.Set;

/// The K-FAC factors of linear layers, in float32 on the engine until they are closed; one layer at
/// a time is read, in float64. Layers with the same input share `A`.
public final class LayerFactors implements AutoCloseable {
    private final Engine engine;
    private final Map<String, LayerSums.Sums> sums;
    private final SampleCounts counts;

    /// Allocates the sums, all zero.
    ///
    /// @param counts what `A` and `S` are a mean over
    LayerFactors(Engine engine, Map<String, LayerSums.Sums> sums, SampleCounts counts) {
        this.engine = engine;
        this.sums = sums;
        this.counts = counts;
        sums.values().stream().map(LayerSums.Sums::layout).distinct().forEach(engine::allocate);
    }

    /// The layers' names.
    public Set<String> modules() {
        return sums.keySet();
    }

    /// `A = XᵀX/N` [in, in].
    public Matrix A(String module) {
        LayerSums.Sums of = sums.get(module);
        return mean(of.A(), of.module().in(), counts.of(of.stream()));
    }

    /// `S = ΓᵀΓ/n` [out, out].
    public Matrix S(String module) {
        LayerSums.Sums of = sums.get(module);
        return mean(of.S(), of.module().out(), counts.terms());
    }

    private Matrix mean(Buffer sum, int size, double count) {
        return Matrix.ofQuotient(size, size, engine.read(sum), count);
    }

    @Override
    public void close() {
        sums.values().stream().map(LayerSums.Sums::layout).distinct().forEach(engine::release);
    }
}
