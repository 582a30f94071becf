package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;
import java.util.Set;

/// LoRA-GA: factors along singular vectors of the gradient, `G = U Σ Vᵀ`, so that the first step
/// of the adapter is that of full fine-tuning; the base is shifted back, so that the function at
/// the start is the pretrained one. Source: Wang, Yu and Li, arXiv 2407.05000, and its published
/// code, of which the names of the options and the defaults are; that code approximates the SVD,
/// here it is exact up to a side of 1024.
///
/// @param direction which singular vectors go where
/// @param scale     how long the factors are
/// @param gamma     γ of the stable scale
/// @param svd       how the singular vectors are found
public record LoraGaInitializer(Direction direction, Scale scale, double gamma, Svd svd)
        implements AdapterInitializer {
    /// Columns of the published code's sketch, over r.
    private static final int PUBLISHED_COLUMNS = 4;

    /// Which singular vectors `A` (rows of `Vᵀ`) and `B` (columns of `U`) take; the first r, or
    /// the next r.
    public enum Direction {
        /// `A` the first, `B` the second r: the paper's.
        AR_B2R,
        /// `A` the second, `B` the first r.
        A2R_BR,
        /// Both the first r.
        AR_BR
    }

    /// Lengths of the factors' rows and columns.
    public enum Scale {
        /// `out^¼ / √γ`: forward and backward do not depend on width or rank.
        STABLE,
        /// 1.
        UNIT
    }

    /// How the singular vectors are found.
    public enum Svd {
        /// From the eigenvectors of the smaller Gram matrix, to rounding; randomised for sides
        /// beyond 1024.
        GRAM,
        /// All of them in float32, as the paper says.
        FULL,
        /// Randomised: `4 r` columns and 4 power iterations, as the published code does.
        RANDOMIZED
    }

    public LoraGaInitializer {
        requireNonNull(direction, "direction");
        requireNonNull(scale, "scale");
        requireNonNull(svd, "svd");
        LoraOneInitializer.requireGamma(gamma);
    }

    /// With singular vectors that are exact to rounding.
    public LoraGaInitializer(Direction direction, Scale scale, double gamma) {
        this(direction, scale, gamma, Svd.GRAM);
    }

    /// The published defaults: `ArB2r`, the stable scale, γ = 16.
    public LoraGaInitializer() {
        this(Direction.AR_B2R, Scale.STABLE, 16);
    }

    /// The same start from singular vectors found another way.
    public LoraGaInitializer with(Svd other) {
        return new LoraGaInitializer(direction, scale, gamma, other);
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.GRADIENT);
    }

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        Matrix G = statistics.requireGradient(shape);
        if (G.isZero()) {
            return LoraFactors.ofZeroGradient(shape, Base.SHIFTED);
        }
        int r = shape.r();
        int taken = direction == Direction.AR_BR ? r : 2 * r;
        int side = Math.min(shape.in(), shape.out());
        if (taken > side) {
            throw new CgloraException(
                    ErrorCode.A_RANK,
                    statistics.module(),
                    "lora-ga takes %d singular vectors of a %d × %d gradient"
                            .formatted(taken, shape.out(), shape.in()),
                    "choose r up to " + side / 2 + ", or the direction ArBr");
        }
        TruncatedSvd found =
                switch (svd) {
                    case GRAM -> TruncatedSvd.of(G, taken, seed);
                    case FULL -> TruncatedSvd.full(G, taken);
                    case RANDOMIZED ->
                            TruncatedSvd.randomized(
                                    G, taken, Math.min(PUBLISHED_COLUMNS * r, side), seed);
                };
        double length =
                switch (scale) {
                    case STABLE -> Math.pow(shape.out(), 0.25) / Math.sqrt(gamma);
                    case UNIT -> 1;
                };
        Matrix V = found.V().columns(direction == Direction.A2R_BR ? r : 0, r);
        Matrix U = found.U().columns(direction == Direction.AR_B2R ? r : 0, r);
        return new LoraFactors(
                V.transpose().scaled(length).toFloats(), U.scaled(length).toFloats(), Base.SHIFTED);
    }
}
