package cglora.models.adapter;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;
import java.util.Set;

/// EVA: the rows of `A` are the directions of most variance of the layer's inputs, the leading
/// right singular vectors of `X` [N, in], that is the leading eigenvectors of `XᵀX`; `B = 0`.
/// Source: Paischer, Hauzenberger et al., arXiv 2410.07170, without its moving of ranks between
/// layers (its ρ = 1).
public record EvaInitializer() implements AdapterInitializer {
    @Override
    public Set<Need> needs() {
        return Set.of(Need.INPUT_FACTOR);
    }

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        Matrix A = statistics.requireInputFactor(shape);
        TruncatedSvd svd = TruncatedSvd.of(A, shape.r(), seed);
        return new LoraFactors(
                svd.V().transpose().toFloats(), new float[shape.out() * shape.r()], Base.KEPT);
    }
}
