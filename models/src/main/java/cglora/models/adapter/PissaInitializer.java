package cglora.models.adapter;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;
import java.util.Set;

/// PiSSA: the adapter takes over the principal part of the weight, `s B₀ A₀ = U_r Σ_r V_rᵀ` of
/// `W = U Σ Vᵀ`, each factor with `√(Σ_r / s)`, and the base keeps the rest. Source: Meng, Wang
/// and Zhang, arXiv 2404.02948; the split by `s` is PEFT's.
public record PissaInitializer() implements AdapterInitializer {
    @Override
    public Set<Need> needs() {
        return Set.of(Need.WEIGHT);
    }

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        Matrix W = statistics.requireWeight(shape);
        TruncatedSvd svd = TruncatedSvd.of(W, shape.r(), seed);
        double[] root = new double[shape.r()];
        for (int i = 0; i < root.length; i++) {
            root[i] = Math.sqrt(svd.singularValues()[i] / shape.scaling());
        }
        return new LoraFactors(
                svd.V().scaledColumns(root).transpose().toFloats(),
                svd.U().scaledColumns(root).toFloats(),
                Base.SHIFTED);
    }
}
