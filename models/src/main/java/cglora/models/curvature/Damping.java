package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;

/// Tikhonov damping `λ` and how it is split over the two Kronecker factors.
///
/// @param type   the split
/// @param lambda `λ ≥ 0`; no unit for `RELATIVE`, that of `A · S` for `PI`, that of each factor
///     for `ABSOLUTE`
public record Damping(Type type, double lambda) {
    /// How `λ` becomes `λ_a` and `λ_s`.
    public enum Type {
        /// `λ_a = λ · tr(A)/in`, `λ_s = λ · tr(S)/out`: free of the data's scale.
        RELATIVE,
        /// `π = √((tr A/in) / (tr S/out))`, `λ_a = π √λ`, `λ_s = √λ / π`: Martens and Grosse
        /// 2015, arXiv 1503.05671, section 6.3.
        PI,
        /// `λ_a = λ_s = λ`.
        ABSOLUTE
    }

    /// What is added to the diagonals: `Â = A + lambdaA · I`, `Ŝ = S + lambdaS · I`.
    public record Split(double lambdaA, double lambdaS) {}

    public Damping {
        requireNonNull(type, "type");
        if (!(lambda >= 0) || Double.isInfinite(lambda)) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    "damping " + lambda + ", expected a number ≥ 0",
                    "use 1 (relative), or 0.1 with 512 or more calibration examples");
        }
    }

    public static Damping relative(double lambda) {
        return new Damping(Type.RELATIVE, lambda);
    }

    public static Damping pi(double lambda) {
        return new Damping(Type.PI, lambda);
    }

    public static Damping absolute(double lambda) {
        return new Damping(Type.ABSOLUTE, lambda);
    }

    /// The split for factors of these traces and sizes.
    ///
    /// @throws CgloraException N-DAMPING when `PI` meets a factor of trace zero, where π is not
    ///     defined
    public Split split(double traceA, int in, double traceS, int out) {
        double meanA = traceA / in;
        double meanS = traceS / out;
        return switch (type) {
            case RELATIVE -> new Split(lambda * meanA, lambda * meanS);
            case PI -> {
                if (!(meanA > 0 && meanS > 0)) {
                    throw new CgloraException(
                            ErrorCode.N_DAMPING,
                            "",
                            "the π-correction divides by a trace of zero (tr A %.3g, tr S %.3g)"
                                    .formatted(traceA, traceS),
                            "use absolute damping for this module");
                }
                double pi = Math.sqrt(meanA / meanS);
                yield new Split(pi * Math.sqrt(lambda), Math.sqrt(lambda) / pi);
            }
            case ABSOLUTE -> new Split(lambda, lambda);
        };
    }
}
