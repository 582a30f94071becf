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
    private final long tokens;
    private final int examples;

    /// Allocates the sums, all zero.
    ///
    /// @param tokens   that `A` is a mean over, but for a pooled layer
    /// @param examples that `S` is a mean over
    LayerFactors(Engine engine, Map<String, LayerSums.Sums> sums, long tokens, int examples) {
        this.engine = engine;
        this.sums = sums;
        this.tokens = tokens;
        this.examples = examples;
        sums.values().stream().map(LayerSums.Sums::layout).distinct().forEach(engine::allocate);
    }

    /// The layers' names.
    public Set<String> modules() {
        return sums.keySet();
    }

    /// `A = XᵀX/N` [in, in].
    public Matrix A(String module) {
        LayerSums.Sums of = sums.get(module);
        return mean(of.A(), of.module().in(), of.pooled() ? examples : tokens);
    }

    /// `S = ΓᵀΓ/n` [out, out].
    public Matrix S(String module) {
        LayerSums.Sums of = sums.get(module);
        return mean(of.S(), of.module().out(), examples);
    }

    private Matrix mean(Buffer sum, int size, double count) {
        return Matrix.ofQuotient(size, size, engine.read(sum), count);
    }

    @Override
    public void close() {
        sums.values().stream().map(LayerSums.Sums::layout).distinct().forEach(engine::release);
    }
}
