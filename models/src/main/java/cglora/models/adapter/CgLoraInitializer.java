package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.Damping;
import cglora.models.curvature.WhitenedGradient;
import cglora.models.curvature.WhiteningArithmetic;
import java.util.Collection;
import java.util.Set;

/// Curvature-Guided LoRA: the initial adapter is the change of rank r nearest to a damped
/// Newton step in the metric of the curvature,
/// `s B₀ A₀ = −η Ŝ^{-p_s} U Σ Vᵀ Â^{-p_a}`, with `U Σ Vᵀ` the top-r SVD of the whitened
/// gradient `M = Ŝ^{-p_s} G Â^{-p_a}`. Source: Zheng and Proutière, arXiv 2603.29824; the
/// derivation, which is ours, is in the design notes.
///
/// @param damping of the factors; default relative 1: less overfits the calibration examples
/// @param pA      exponent of the input factor, 0 … ½; default ½
/// @param pS      exponent of the output factor, 0 … ½; default ½. (0, 0) is gradient SVD
/// @param form    whether calibration keeps factors or tokens
/// @param shift   whether `W ← W − s B₀ A₀`, so that only directions and scale are inherited
/// @param scale   of the factors; `STABLE` needs `shift`
/// @param eta     step size η; 1 is the Newton direction itself, which is far too long a step
///     for a network: start there and shorten with [LoraFactors#withStepSize]
public record CgLoraInitializer(
        Damping damping, double pA, double pS, Form form, boolean shift, Scale scale, double eta)
        implements AdapterInitializer {
    /// What calibration keeps.
    public enum Form {
        /// `A`, `S` and `G`: memory in² + out² + in · out a layer.
        FACTORED,
        /// The tokens: memory N · (in + out) + N² a layer.
        TOKENS
    }

    /// How long the factors are.
    public enum Scale {
        /// `‖b_i‖ = ‖a_i‖`, the product that of the step.
        BALANCED,
        /// Every `‖b_i‖ = ‖a_i‖ = out^¼ / √16`, LoRA-GA's stable scale (arXiv 2407.05000): the
        /// product is no step any more, so it has to be shifted away. η plays no part.
        STABLE
    }

    public CgLoraInitializer {
        requireNonNull(damping, "damping");
        requireNonNull(form, "form");
        requireNonNull(scale, "scale");
        if (!(pA >= 0 && pA <= 0.5) || !(pS >= 0 && pS <= 0.5)) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    "exponents p_a %s, p_s %s, expected 0 … 0.5".formatted(pA, pS),
                    "use 0.5 for both");
        }
        if (!(eta > 0) || Double.isInfinite(eta)) {
            throw new CgloraException(
                    ErrorCode.O_RANGE, "", "step size " + eta + ", expected a number > 0", "");
        }
        if (scale == Scale.STABLE && !shift) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    "",
                    "the stable scale without shift would start far from the pretrained model",
                    "set shift to true, or use the balanced scale");
        }
    }

    /// The defaults: relative damping 1, both exponents ½, factors kept, no shift, η = 1.
    public CgLoraInitializer() {
        this(Damping.relative(1), 0.5, 0.5, Form.FACTORED, false, Scale.BALANCED, 1);
    }

    @Override
    public Set<Need> needs() {
        return switch (form) {
            case FACTORED -> Set.of(Need.GRADIENT, Need.INPUT_FACTOR, Need.OUTPUT_FACTOR);
            case TOKENS -> Set.of(Need.TOKENS);
        };
    }

    /// A layer's factors and the spectrum that they were made from.
    public record Start(LoraFactors factors, StepSpectrum spectrum) {}

    @Override
    public LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed) {
        return start(shape, statistics, seed).factors();
    }

    /// As [#initialize]. A component depends on no other: the start at a smaller rank is the
    /// first components of this one.
    public Start start(LayerShape shape, LayerStatistics statistics, long seed) {
        return start(shape, statistics, seed, WhiteningArithmetic.HOST);
    }

    /// The same by a given arithmetic.
    public Start start(
            LayerShape shape,
            LayerStatistics statistics,
            long seed,
            WhiteningArithmetic arithmetic) {
        Base base = shift ? Base.SHIFTED : Base.KEPT;
        CurvatureStatistics curvature = requireUsable(shape, statistics);
        if (curvature.isZeroGradient()) {
            return zero(shape, base);
        }
        WhitenedGradient gradient;
        try {
            gradient = arithmetic.gradient(step(shape, statistics, seed));
        } catch (CgloraException unplaced) {
            throw placed(unplaced, statistics.module());
        }
        if (gradient.isZero()) {
            return zero(shape, base);
        }
        WhitenedGradient.Factors factors =
                switch (scale) {
                    case BALANCED -> gradient.balanced(shape.scaling(), eta);
                    case STABLE -> gradient.equalized(StableScale.length(shape.out()));
                };
        return new Start(
                new LoraFactors(factors.A().toFloats(), factors.B().toFloats(), base),
                StepSpectrum.of(gradient, eta));
    }

    private static Start zero(LayerShape shape, Base base) {
        return new Start(LoraFactors.ofZeroGradient(shape, base), StepSpectrum.zero(shape.r()));
    }

    /// The step of a layer, as an arithmetic takes it.
    WhiteningArithmetic.Step step(LayerShape shape, LayerStatistics statistics, long seed) {
        return new WhiteningArithmetic.Step(
                statistics.module(),
                requireUsable(shape, statistics),
                damping,
                pA,
                pS,
                shape.r(),
                seed);
    }

    /// Refuses a start in which no layer has a gradient: with a zero classifier head nothing
    /// flows back, and a fallback for every layer would be another method under this one's
    /// name.
    ///
    /// @throws CgloraException N-ZERO when every one of `layers` is flagged
    public static void requireSomeGradient(Collection<LoraFactors> layers) {
        if (!layers.isEmpty() && layers.stream().allMatch(LoraFactors::zeroGradient)) {
            throw new CgloraException(
                    ErrorCode.N_ZERO,
                    "",
                    "the gradient of all "
                            + layers.size()
                            + " adapted modules is zero: the head is zero, so that nothing flows"
                            + " back through it, or its answers leave no loss to lower",
                    "warm the head up first, or start from a trained head; look at the labels");
        }
    }

    static CurvatureStatistics requireUsable(LayerShape shape, LayerStatistics statistics) {
        CurvatureStatistics curvature = statistics.requireCurvature();
        if (curvature.in() != shape.in() || curvature.out() != shape.out()) {
            throw new IllegalArgumentException(
                    "%s: statistics of a %d × %d layer, expected %d × %d"
                            .formatted(
                                    statistics.module(),
                                    curvature.out(),
                                    curvature.in(),
                                    shape.out(),
                                    shape.in()));
        }
        if (!curvature.isFinite()) {
            throw new CgloraException(
                    ErrorCode.N_STATISTICS,
                    statistics.module(),
                    "the calibration statistics hold infinities or NaN",
                    "look for a diverged model or a loss that is not finite on the calibration"
                            + " examples");
        }
        return curvature;
    }

    /// The same problem, with the module's name.
    static CgloraException placed(CgloraException unplaced, String module) {
        Problem problem = unplaced.problems().getFirst();
        return new CgloraException(problem.code(), module, problem.what(), problem.fix(), unplaced);
    }
}
