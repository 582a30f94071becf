package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;
import java.util.Set;

/// LoRA-One: one step of full fine-tuning, truncated. Of `−G = U Σ Vᵀ` and `Σ̂ = Σ / σ₁`,
/// `B₀ = c U √Σ̂` and `A₀ = c √Σ̂ Vᵀ`; the base stays. Source: Zhang, Liu and Chen, arXiv
/// 2502.01235, and its published code. Its preconditioned optimiser is no part of the start.
///
/// @param scale what `c` is
/// @param gamma γ
public record LoraOneInitializer(Scale scale, double gamma) implements AdapterInitializer {
    /// The length `c` of the leading pair.
    public enum Scale {
        /// `1 / √γ`, as in the paper; γ = 128 by default.
        GAMMA,
        /// `out^¼ / √γ`, as in the published code, with γ = 16.
        STABLE
    }

    public LoraOneInitializer {
        requireNonNull(scale, "scale");
        requireGamma(gamma);
    }

    /// The paper's: γ = 128.
    public LoraOneInitializer() {
        this(Scale.GAMMA, 128);
    }

    static void requireGamma(double gamma) {
        if (!(gamma > 0) || Double.isInfinite(gamma)) {
            throw new CgloraException(
                    ErrorCode.O_RANGE, "", "gamma " + gamma + ", expected a number > 0", "");
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.GRADIENT);
    }

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        Matrix G = statistics.requireGradient(shape);
        if (G.isZero()) {
            return LoraFactors.ofZeroGradient(shape, Base.KEPT);
        }
        TruncatedSvd svd = TruncatedSvd.of(G, shape.r(), seed);
        double c =
                switch (scale) {
                    case GAMMA -> 1 / Math.sqrt(gamma);
                    case STABLE -> Math.pow(shape.out(), 0.25) / Math.sqrt(gamma);
                };
        double[] root = new double[shape.r()];
        for (int i = 0; i < root.length; i++) {
            root[i] = c * Math.sqrt(svd.singularValues()[i] / svd.singularValues()[0]);
        }
        return new LoraFactors(
                svd.V().scaledColumns(root).transpose().toFloats(),
                svd.U().scaledColumns(root).scaled(-1).toFloats(),
                Base.KEPT);
    }
}
