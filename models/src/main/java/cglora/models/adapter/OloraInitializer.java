package cglora.models.adapter;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.ThinQr;
import java.util.Set;

/// OLoRA: orthonormal factors of the weight. Of `W = Q R`, `B₀` is the first r columns of `Q` and
/// `A₀` the first r rows of `R`; the base keeps `W − s B₀ A₀`. Source: Büyükakyüz, arXiv
/// 2406.01775; as in PEFT the product is not divided by `s`.
public record OloraInitializer() implements AdapterInitializer {
    @Override
    public Set<Need> needs() {
        return Set.of(Need.WEIGHT);
    }

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        Matrix W = statistics.requireWeight(shape);
        // the first r columns of Q depend on the first r columns of W alone
        Matrix Q = ThinQr.orthonormalColumns(W.columns(0, shape.r()));
        return new LoraFactors(Q.transposeTimes(W).toFloats(), Q.toFloats(), Base.SHIFTED);
    }
}
